"""The sandbox service: takes executions over its socket, lets tenants take turns, and reports."""

import asyncio
import hmac
import json
import logging
import os
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from dify_hex.adapters.sandbox.jail.wire import (
    HEAD_SIZE,
    BadFrame,
    Kind,
    Outcome,
    frame,
    parse_head,
)
from dify_hex.adapters.sandbox.service.control_group import sweep
from dify_hex.adapters.sandbox.service.execution import Bounds, CallerGone, Execution
from dify_hex.adapters.sandbox.service.fair_queue import FairQueue, QueueFull
from dify_hex.adapters.sandbox.service.jailed import LibrariesMissing, WallsMissing, ZygoteLost
from dify_hex.adapters.sandbox.service.options import SandboxOptions
from dify_hex.adapters.sandbox.service.profile_host import ProfileHost
from dify_hex.adapters.sandbox.service.standing import Standing

_log = logging.getLogger(__name__)

_LONGEST_HEADER = 64 << 10
#: Callers who may knock at once; a unix socket turns away those beyond without a word.
_BACKLOG = 4096
#: Seconds in which a caller must say what it wants.
_HEADER_LIMIT = 10.0
#: Seconds in which a caller must take the last word.
_FAREWELL_LIMIT = 10.0
_MAKE_ROOM_EVERY = 15.0
#: What the average of executions' seconds keeps of what it was.
_MEMORY = 0.95
_LONGEST_RETRY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a caller asks for."""

    tenant: str
    profile: str
    bounds: Bounds
    body_bytes: int


class Refusal(Exception):
    """The execution does not take place; END says why."""

    def __init__(self, outcome: str, **words: object) -> None:
        super().__init__(outcome)
        self.end = {"outcome": outcome, **words}


class SandboxServer:
    """Everything that one sandbox process does."""

    def __init__(
        self,
        options: SandboxOptions,
        make_host: Callable[[str], ProfileHost],
        cgroups_missing: str,
    ) -> None:
        self._options = options
        self._hosts = {profile: make_host(profile) for profile in options.profiles}
        self._cgroups_missing = cgroups_missing
        self._queue = FairQueue(places=options.running, waiting_limit=options.waiting)
        self._standing = Standing(accepted=options.accepted)
        self._average = 0.1
        self._callers: set[asyncio.Task[None]] = set()

    async def serve(self, told_to_stop: asyncio.Event) -> None:
        """Listen until told to stop; then everything ends at once."""
        await self._look_at_walls()
        server = await self._listen()
        tidying = asyncio.create_task(self._make_room())
        try:
            await told_to_stop.wait()
        finally:
            tidying.cancel()
            server.close()
            for caller in self._callers:
                caller.cancel()
            for host in self._hosts.values():
                host.end()

    async def _listen(self) -> asyncio.Server:
        options = self._options
        if options.path is None:
            return await asyncio.start_server(
                self._accept, options.host, options.port, backlog=_BACKLOG
            )
        options.path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._accept, options.path, backlog=_BACKLOG)
        finally:
            os.umask(mask)

    async def _look_at_walls(self) -> None:
        """Make one cell, only to see what stands around it."""
        host = self._hosts["python"]
        was_running = host.is_running
        try:
            zygote, cell = await host.take()
        except ZygoteLost as error:
            self._standing = Standing(down={"zygote": str(error)}, accepted=self._options.accepted)
        else:
            self._note(cell.report)
            zygote.discard(cell)
        if not was_running:
            # Until somebody needs it, its memory is everyone's.
            host.end()
        walls = self._standing.as_json()
        say = _log.warning if self._standing.lacking else _log.info
        say("walls %s", json.dumps(walls))

    def _note(self, report: dict[str, object]) -> None:
        up, down = report.get("up"), report.get("down")
        names = [str(name) for name in up] if isinstance(up, list) else []
        reasons = {str(k): str(v) for k, v in down.items()} if isinstance(down, dict) else {}
        if self._cgroups_missing:
            reasons["control group"] = self._cgroups_missing
        else:
            names.append("control group")
        self._standing = Standing(up=names, down=reasons, accepted=self._options.accepted)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        caller = asyncio.current_task()
        if caller is not None:
            self._callers.add(caller)
        try:
            await self._answer(reader, writer)
        except (CallerGone, BadFrame, ValueError, OSError, EOFError, TimeoutError) as error:
            _log.debug("a caller has gone: %r", error)
        except asyncio.CancelledError:
            _log.debug("stopped before an answer")
        except Exception:  # noqa: BLE001 - one caller's misfortune is not the others'
            _log.exception("an execution failed in the service")
        finally:
            if caller is not None:
                self._callers.discard(caller)
            writer.close()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        async with asyncio.timeout(_HEADER_LIMIT):
            kind, length = parse_head(await reader.readexactly(HEAD_SIZE), _LONGEST_HEADER)
            payload = await reader.readexactly(length)
        told = json.loads(payload) if payload else {}
        if self._options.token and not hmac.compare_digest(
            str(told.get("token", "")), self._options.token
        ):
            _log.warning("a caller with a wrong token")
            return
        if kind == Kind.STATUS:
            writer.write(frame(Kind.STANDING, json.dumps(self._report()).encode()))
        elif kind == Kind.RUN:
            try:
                end = await self._run(self._wanted(told), reader, writer)
            except Refusal as refusal:
                end = refusal.end
            writer.write(frame(Kind.END, json.dumps(end).encode()))
        async with asyncio.timeout(_FAREWELL_LIMIT):
            await writer.drain()

    def _wanted(self, told: dict[str, object]) -> Wanted:
        """What the caller asks for, within what anyone gets.

        Raises:
            Refusal: there is no such profile, or its body is too large.
            ValueError: it is no request.
        """
        options, limits = self._options, told.get("limits")
        profile, body = str(told.get("profile")), int(str(told.get("body_bytes")))
        if profile not in self._hosts:
            raise Refusal(Outcome.NOT_INSTALLED, advice=f"there is no profile {profile}")
        if missing := options.profiles[profile].missing:
            raise Refusal(Outcome.NOT_INSTALLED, advice=missing)
        if not 0 <= body <= options.most_input_bytes:
            raise Refusal(Outcome.OUTPUT, advice=f"inputs take {body} bytes")
        if not isinstance(limits, dict):
            raise ValueError("a request without limits")  # noqa: TRY004 - as any other bad request
        return Wanted(
            tenant=str(told.get("tenant")),
            profile=profile,
            body_bytes=body,
            bounds=Bounds(
                seconds=min(float(limits["seconds"]), options.most_seconds),
                memory_bytes=min(int(limits["memory_bytes"]), options.most_memory_bytes),
                output_bytes=min(int(limits["output_bytes"]), options.most_output_bytes),
                processes=max(1, int(limits["processes"])),
            ),
        )

    async def _run(
        self, wanted: Wanted, reader: StreamReader, writer: StreamWriter
    ) -> dict[str, object]:
        if self._standing.lacking:
            # A repaired machine is noticed without a restart.
            await self._look_at_walls()
        if lacking := self._standing.lacking:
            raise Refusal(Outcome.REFUSED, lacking=lacking)
        try:
            await self._wait_for_turn(wanted.tenant, reader)
        except QueueFull:
            raise Refusal(Outcome.BUSY, retry_after=self._retry_after()) from None
        try:
            execution = await self._in_cell(wanted, reader, writer)
            writer.write(frame(Kind.GO))
            end = await execution.run()
        finally:
            self._queue.leave(wanted.tenant)
        seconds = end.get("seconds")
        if isinstance(seconds, float):
            self._average = _MEMORY * self._average + (1 - _MEMORY) * seconds
        return end

    async def _in_cell(
        self, wanted: Wanted, reader: StreamReader, writer: StreamWriter
    ) -> Execution:
        is_one_of_many = self._queue.running_of(wanted.tenant) > 1
        try:
            zygote, cell = await self._hosts[wanted.profile].take(ready=not is_one_of_many)
        except LibrariesMissing:
            raise Refusal(
                Outcome.NOT_INSTALLED, advice=f"the libraries of {wanted.profile} do not load"
            ) from None
        except WallsMissing as error:
            raise Refusal(Outcome.REFUSED, lacking=[str(error)]) from None
        except ZygoteLost as error:
            raise Refusal(Outcome.LOST, reason=str(error)) from None
        self._note(cell.report)
        if lacking := self._standing.lacking:
            zygote.discard(cell)
            raise Refusal(Outcome.REFUSED, lacking=lacking)
        return Execution(
            zygote=zygote,
            cell=cell,
            bounds=wanted.bounds,
            is_one_of_many=is_one_of_many,
            body_bytes=wanted.body_bytes,
            reader=reader,
            writer=writer,
        )

    async def _wait_for_turn(self, tenant: str, reader: StreamReader) -> None:
        """Wait for a place, for as long as the caller does.

        Raises:
            QueueFull: too many wait already.
            CallerGone: the caller has hung up.
        """
        turn = asyncio.create_task(self._queue.enter(tenant))
        await asyncio.sleep(0)
        if turn.done():
            turn.result()
            return
        hanging_up = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait((turn, hanging_up), return_when=asyncio.FIRST_COMPLETED)
            if hanging_up.done():
                if turn.done() and turn.exception() is None:
                    self._queue.leave(tenant)
                raise CallerGone
            turn.result()
        finally:
            turn.cancel()
            hanging_up.cancel()
            await asyncio.wait((turn, hanging_up))

    def _retry_after(self) -> float:
        ahead = self._queue.waiting / self._options.running
        return round(min(max(1.0, ahead * self._average), _LONGEST_RETRY), 1)

    def _report(self) -> dict[str, object]:
        return {
            "walls": self._standing.as_json(),
            "running": self._queue.running,
            "waiting": self._queue.waiting,
            "places": self._options.running,
            "profiles": {
                name: {
                    "missing": self._options.profiles[name].missing,
                    "pid": host.pid,
                }
                for name, host in self._hosts.items()
            },
            "time": monotonic(),
        }

    async def _make_room(self) -> None:
        while True:
            await asyncio.sleep(_MAKE_ROOM_EVERY)
            for host in self._hosts.values():
                host.retire()
            sweep()
