"""Follows a stream to its end, however often the connection is cut on the way."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from dify_hex.entrypoints.cli.api import StreamCut
from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus, Interrupted
from dify_hex.entrypoints.cli.sse import ServerEvent

#: Seconds without any event for which a lost stream is looked for.
PATIENCE = 60.0
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)
#: Refusals that pass: the process is full or stopping, or our first request is still being begun.
_PASSING = frozenset(
    {"sys_unavailable", "sys_overloaded", "biz_idempotency_in_progress", "cli_unreachable"}
)


class Streaming(Protocol):
    """The part of the API that streams."""

    def stream(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Iterator[ServerEvent]]:
        """Open an event stream."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The request that begins a stream."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event with its data read."""

    id: str
    type: str
    data: Mapping[str, Any]


class Following:
    """One stream of events, in which no cut is seen.

    It is taken up again behind the last event that came. A message's stream is begun by a POST with
    an idempotency key, so that even that request can be repeated; once the message has a name, its
    own events are asked for. It is the same with a workflow's run.
    """

    def __init__(
        self,
        api: Streaming,
        opening: Opening,
        *,
        after: str | None = None,
        query: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._opening = opening
        self._query = query
        self._patience = patience
        self._pause = pause
        self.last_id = after
        self.message_id: str | None = None
        self.run_id: str | None = None

    def events(self) -> Iterator[Told]:
        """The events up to `done`, which is left out.

        Raises:
            Interrupted: the stream could not be taken up again in time.
            CommandFailed: the API refuses it.
        """
        tries = 0
        heard = time.monotonic()
        while True:
            before = self.last_id
            try:
                if (yield from self._one_connection()):
                    return
            except StreamCut:
                pass
            except CommandFailed as failure:
                if not (tries or self.last_id) or failure.code not in _PASSING:
                    raise
            if self.last_id != before:
                tries, heard = 0, time.monotonic()
            if time.monotonic() - heard > self._patience:
                raise self._given_up()
            self._pause(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1

    def _one_connection(self) -> Generator[Told, None, bool]:
        """What one connection brings; returns whether that was the end."""
        with self._open() as events:
            for event in events:
                told = Told(id=event.id, type=event.type, data=_object(event.data))
                if told.type == "done":
                    return True
                if told.type == "error" and told.data.get("resumable"):
                    return False
                self.last_id = told.id or self.last_id
                if told.type == "run.started":
                    self.run_id = str(told.data["run_id"])
                if told.type == "message.started":
                    self.message_id = str(told.data["message_id"])
                yield told
        return False

    def _open(self) -> AbstractContextManager[Iterator[ServerEvent]]:
        headers = {} if self.last_id is None else {"Last-Event-ID": self.last_id}
        if self.message_id is not None:
            path = f"/v1/messages/{self.message_id}/events"
            return self._api.stream("GET", path, query=self._query, headers=headers)
        first = self._opening
        if self.run_id is not None and first.path.endswith("/runs"):
            path = f"/v1/workflow-runs/{self.run_id}/events"
            return self._api.stream("GET", path, query=self._query, headers=headers)
        headers |= first.headers or {}
        return self._api.stream(
            first.method, first.path, body=first.body, query=self._query, headers=headers
        )

    def _given_up(self) -> Interrupted:
        known = f" Its message is {self.message_id}." if self.message_id else ""
        return Interrupted(
            f"The stream was cut and did not come back for {self._patience:.0f} seconds.{known}",
            code="cli_stream_lost",
            status=ExitStatus.UNREACHABLE,
            hint="The run may have gone on without you: see `dify-hex runs list`.",
        )


def _object(text: str) -> Mapping[str, Any]:
    """An event's data; what is no JSON object says nothing."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
