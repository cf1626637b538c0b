"""One execution: the body goes into the cell, what the cell says comes out, until its end."""

import asyncio
import json
import os
import signal
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from time import monotonic

from dify_hex.adapters.sandbox.jail.wire import HEAD_SIZE, MOST_FRAMES, Kind, Outcome, frame
from dify_hex.adapters.sandbox.service.jailed import Ended, Jailed, ZygoteLost
from dify_hex.adapters.sandbox.service.scratch import ScratchFull
from dify_hex.adapters.sandbox.service.zygote_process import ZygoteProcess

_PIECE = 256 << 10
#: Bytes on the host's disk, where a cell has no file system of its own.
_SCRATCH_BYTES = 64 << 20
#: Seconds after which others go first.
_SHORT = 0.25
#: Beyond what the code may put out: the frames around it, and how it failed.
_SLACK = MOST_FRAMES * HEAD_SIZE + (64 << 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one execution may use up, after the service has had its say."""

    seconds: float
    memory_bytes: int
    output_bytes: int
    processes: int


class CallerGone(Exception):
    """Nobody waits for the outcome any more."""


class TooMuchOutput(Exception):
    """The cell says more than it may."""


@dataclass(slots=True, kw_only=True)
class Execution:
    """A cell at work for a caller."""

    zygote: ZygoteProcess
    cell: Jailed
    bounds: Bounds
    body_bytes: int
    #: Whether its tenant has others running, so that those of tenants who have none go first.
    is_one_of_many: bool
    reader: StreamReader
    writer: StreamWriter

    async def run(self) -> dict[str, object]:
        """Run it; returns what END says.

        Raises:
            CallerGone: the caller has hung up; the cell is gone too.
        """
        began = monotonic()
        first_come = 0 if self.is_one_of_many else _SHORT
        demoting = asyncio.get_running_loop().call_later(first_come, self.zygote.demote, self.cell)
        outcome = Outcome.DONE
        try:
            async with asyncio.timeout(self.bounds.seconds):
                await self._send_body()
                await self._relay()
        except TimeoutError:
            outcome = Outcome.TIMEOUT
        except (TooMuchOutput, ScratchFull):
            outcome = Outcome.OUTPUT
        except OSError:
            # The cell has gone, and its status says why.
            outcome = Outcome.DIED
        finally:
            demoting.cancel()
            self.zygote.discard(self.cell)
        end = await self._conclude(outcome, monotonic() - began)
        if not self.cell.has_own_files:
            await self.zygote.scratch.clear(self.cell.number)
        return end

    async def _conclude(self, outcome: str, seconds: float) -> dict[str, object]:
        try:
            ended = await self.zygote.burial(self.cell)
        except ZygoteLost as error:
            return {"outcome": Outcome.LOST, "seconds": seconds, "reason": str(error)}
        word = _signal_name(ended)
        if outcome in {Outcome.DONE, Outcome.DIED}:
            outcome = _meaning(ended)
        return {
            "outcome": outcome,
            "seconds": seconds,
            "memory_bytes": ended.resident * 1024,
            "signal": word,
        }

    async def _send_body(self) -> None:
        loop = asyncio.get_running_loop()
        limits = {
            "seconds": self.bounds.seconds,
            "memory_bytes": self.bounds.memory_bytes,
            "output_bytes": self.bounds.output_bytes,
            "processes": self.bounds.processes,
        }
        await loop.sock_sendall(self.cell.socket, frame(Kind.LIMITS, json.dumps(limits).encode()))
        left = self.body_bytes
        while left:
            piece = await self.reader.read(min(left, _PIECE))
            if not piece:
                raise CallerGone
            left -= len(piece)
            await loop.sock_sendall(self.cell.socket, piece)

    async def _relay(self) -> None:
        """Pass on what the cell says until it says no more, or the caller hangs up."""
        relaying = asyncio.create_task(self._pass_on())
        tasks: list[asyncio.Task[None]] = [relaying, asyncio.create_task(self._hang_up())]
        if not self.cell.has_own_files:
            watching = self.zygote.scratch.watch(self.cell.number, _SCRATCH_BYTES)
            tasks.append(asyncio.create_task(watching))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            first = relaying if relaying.done() else done.pop()
            first.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _hang_up(self) -> None:
        """Wait for the caller to go, which has nothing more to say."""
        await self.reader.read(1)
        raise CallerGone

    async def _pass_on(self) -> None:
        loop = asyncio.get_running_loop()
        left = self.bounds.output_bytes + _SLACK
        while piece := await loop.sock_recv(self.cell.socket, _PIECE):
            left -= len(piece)
            if left < 0:
                raise TooMuchOutput
            self.writer.write(frame(Kind.SAID, piece))
            await self.writer.drain()


def _meaning(ended: Ended) -> str:
    if not os.WIFSIGNALED(ended.status):
        return Outcome.DONE
    match os.WTERMSIG(ended.status):
        case signal.SIGKILL:
            # From inside nobody can send it: the kernel had no memory for it.
            return Outcome.MEMORY
        case signal.SIGXCPU:
            return Outcome.TIMEOUT
        case _:
            return Outcome.DIED


def _signal_name(ended: Ended) -> str | None:
    if not os.WIFSIGNALED(ended.status):
        return None
    return signal.strsignal(os.WTERMSIG(ended.status))
