"""The port to the sandbox over the service's socket, one connection for each execution."""

import asyncio
from asyncio import StreamReader
from collections.abc import Mapping
from contextlib import suppress
from time import perf_counter
from typing import Any

import orjson

from dify_hex.adapters.sandbox.answer import read_answer
from dify_hex.adapters.sandbox.jail.wire import HEAD_SIZE, BadFrame, Kind, frame, parse_head
from dify_hex.adapters.sandbox.request import Request, request_of
from dify_hex.adapters.sandbox.service_address import ServiceAddress
from dify_hex.application.shared.code_failures import SandboxBusy, SandboxUnavailable
from dify_hex.application.shared.code_sandbox import CodeExecution, CodeResult, CodeSandbox
from dify_hex.application.shared.telemetry import Counter, Histogram, Telemetry
from dify_hex.domain.shared.errors import DomainError

#: Seconds to wait for a turn, and for the service's own work, beside the code's limit.
_QUEUE_LIMIT = 60.0
_STATUS_LIMIT = 3.0
#: Beyond what the code may put out: frames, and the errors in them.
_SLACK = 1 << 20
#: Answers above this are read in a thread.
_LARGE = 1 << 20


class SandboxClient(CodeSandbox):
    """Sends code to the service; knows nothing of how it is kept."""

    def __init__(
        self, address: ServiceAddress, telemetry: Telemetry, *, at_once: int = 256
    ) -> None:
        self._address = address
        self._telemetry = telemetry
        self._free = asyncio.Semaphore(at_once)

    async def run(self, execution: CodeExecution) -> CodeResult:
        """Run it once; cancelling the call ends the code.

        Raises:
            DomainError: as the port says.
        """
        began = perf_counter()
        outcome = "done"
        try:
            if self._free.locked():
                raise SandboxBusy(retry_after=1.0)
            async with self._free:
                said, end = await self._converse(execution)
            if len(said) > _LARGE:
                return await asyncio.to_thread(read_answer, execution, said, end)
            return read_answer(execution, said, end)
        except DomainError as error:
            outcome = error.code
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            profile = execution.profile.value
            self._telemetry.count(Counter.SANDBOX_RUNS, profile=profile, outcome=outcome)
            seconds = perf_counter() - began
            self._telemetry.observe(Histogram.SANDBOX_SECONDS, seconds, profile=profile)

    async def standing(self) -> Mapping[str, Any]:
        """What the service says of itself: walls, queue, profiles.

        Raises:
            SandboxUnavailable: it does not answer.
        """
        reader, writer = await self._address.connect()
        try:
            async with asyncio.timeout(_STATUS_LIMIT):
                token = orjson.dumps({"token": self._address.token})
                writer.write(frame(Kind.STATUS, token))
                _, payload = await _frame(reader, _SLACK)
        except (OSError, EOFError, TimeoutError, BadFrame) as error:
            raise SandboxUnavailable(retry_after=1.0) from error
        finally:
            writer.close()
        found: Mapping[str, Any] = orjson.loads(payload)
        return found

    async def _converse(self, execution: CodeExecution) -> tuple[bytes, Mapping[str, Any]]:
        request = request_of(execution, self._address.token)
        reader, writer = await self._address.connect()
        try:
            async with asyncio.timeout(_QUEUE_LIMIT + execution.limits.seconds):
                return await _exchange(reader, writer, request, execution.limits.output_bytes)
        except TimeoutError:
            # Waiting for a turn is all that takes so long.
            raise SandboxBusy(retry_after=_QUEUE_LIMIT / 2) from None
        except (OSError, EOFError, BadFrame) as error:
            raise SandboxUnavailable(retry_after=1.0) from error
        finally:
            writer.close()


async def _exchange(
    reader: StreamReader, writer: asyncio.StreamWriter, request: Request, most: int
) -> tuple[bytes, Mapping[str, Any]]:
    """Everything the process has said, and how it ended."""
    writer.write(request.header)
    said = bytearray()
    while True:
        kind, payload = await _frame(reader, most + _SLACK)
        match kind:
            case Kind.GO:
                # A service that ends the execution early reads no more: its word follows.
                with suppress(ConnectionError):
                    writer.writelines(request.body)
                    await writer.drain()
            case Kind.SAID:
                said += payload
                if len(said) > most + _SLACK:
                    raise BadFrame("more than was allowed")
            case Kind.END:
                return bytes(said), orjson.loads(payload)
            case _:
                raise BadFrame(f"kind {kind} is no answer")


async def _frame(reader: StreamReader, limit: int) -> tuple[int, bytes]:
    kind, length = parse_head(await reader.readexactly(HEAD_SIZE), limit)
    return kind, await reader.readexactly(length)
