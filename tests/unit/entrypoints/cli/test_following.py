"""A stream that is cut again and again, as somebody sees it who does not notice."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from dify_hex.entrypoints.cli.api import StreamCut
from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus, Interrupted
from dify_hex.entrypoints.cli.following import Following, Opening, Told
from dify_hex.entrypoints.cli.sse import ServerEvent

SENDING = Opening(
    method="POST", path="/v1/apps/a/messages", body={}, headers={"Idempotency-Key": "once"}
)
Connection = Sequence[ServerEvent | Exception]


def event(event_id: str, kind: str, **data: Any) -> ServerEvent:
    return ServerEvent(event_id, kind, json.dumps(data))


STARTED = event("2.0", "message.started", message_id="m1")
HELLO = event("4.1", "message.delta", text="Hello")
WORLD = event("4.2", "message.delta", text=" world")
DONE = event("8.0", "done")
CUT = StreamCut("cut", code="cli_connection_cut", status=ExitStatus.UNREACHABLE)


def refusal(code: str) -> CommandFailed:
    return CommandFailed("No.", code=code)


@dataclass
class ScriptedStreams:
    """Connections that bring what is scripted, one after the other."""

    connections: list[Connection]
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Iterator[ServerEvent]]:
        self.asked.append((method, path, dict(headers or {})))
        script = self.connections.pop(0) if self.connections else [CUT]
        if script and isinstance(script[0], CommandFailed) and script[0] is not CUT:
            raise script[0]
        yield self._events(script)

    def _events(self, script: Connection) -> Iterator[ServerEvent]:
        for item in script:
            if isinstance(item, Exception):
                raise item
            yield item


def follow(*connections: Connection, patience: float = 60.0) -> tuple[list[Told], ScriptedStreams]:
    streams = ScriptedStreams(list(connections))
    following = Following(streams, SENDING, patience=patience, pause=lambda _: None)
    return list(following.events()), streams


def text_of(events: Sequence[Told]) -> str:
    return "".join(told.data["text"] for told in events if told.type == "message.delta")


def test_a_whole_stream_is_asked_for_once() -> None:
    events, streams = follow([STARTED, HELLO, WORLD, DONE])

    assert text_of(events) == "Hello world"
    assert streams.asked == [("POST", "/v1/apps/a/messages", {"Idempotency-Key": "once"})]


@pytest.mark.parametrize("ending", [[CUT], []], ids=["cut", "ended without done"])
def test_a_cut_stream_goes_on_behind_its_last_event(ending: list[Exception]) -> None:
    events, streams = follow([STARTED, HELLO, *ending], [CUT], [WORLD, DONE])

    assert text_of(events) == "Hello world"
    assert streams.asked[1:] == [("GET", "/v1/messages/m1/events", {"Last-Event-ID": "4.1"})] * 2


def test_a_message_that_has_no_name_yet_is_sent_again_under_the_same_key() -> None:
    events, streams = follow([CUT], [STARTED, HELLO, DONE])

    assert text_of(events) == "Hello"
    assert [asked[:2] for asked in streams.asked] == [("POST", "/v1/apps/a/messages")] * 2
    assert streams.asked[1][2]["Idempotency-Key"] == "once"


def test_a_resumable_error_is_not_shown_but_waited_out() -> None:
    away = event("4.1", "error", code="sys_unavailable", resumable=True)

    events, _ = follow([STARTED, HELLO, away, DONE], [WORLD, DONE])

    assert [told.type for told in events] == ["message.started", "message.delta", "message.delta"]


def test_an_error_for_good_is_shown() -> None:
    failed = event("4.1", "error", code="sys_internal_error", resumable=False)

    events, _ = follow([STARTED, failed, DONE])

    assert events[-1].type == "error"


@pytest.mark.parametrize("code", ["sys_unavailable", "sys_overloaded", "cli_unreachable"])
def test_once_begun_a_refusal_that_passes_is_waited_out(code: str) -> None:
    events, _ = follow([STARTED, HELLO, CUT], [refusal(code)], [WORLD, DONE])

    assert text_of(events) == "Hello world"


@pytest.mark.parametrize("code", ["cli_unreachable", "sys_overloaded", "app_not_found"])
def test_a_refusal_at_the_very_beginning_is_told_at_once(code: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        follow([refusal(code)])

    assert caught.value.code == code


def test_a_refusal_for_good_ends_it_later_too() -> None:
    with pytest.raises(CommandFailed, match="No"):
        follow([STARTED, CUT], [refusal("message_not_found")])


def test_a_stream_that_stays_away_is_given_up() -> None:
    with pytest.raises(Interrupted, match="m1") as caught:
        follow([STARTED, HELLO, CUT], patience=0.0)

    assert caught.value.status is ExitStatus.UNREACHABLE


def test_a_run_is_followed_from_where_somebody_left_it() -> None:
    streams = ScriptedStreams([[WORLD, CUT], [DONE]])
    opening = Opening(method="GET", path="/v1/workflow-runs/r/events")

    following = Following(streams, opening, after="4.1", pause=lambda _: None)
    events = list(following.events())

    assert text_of(events) == " world"
    assert [headers["Last-Event-ID"] for *_, headers in streams.asked] == ["4.1", "4.2"]


def test_data_that_is_no_object_says_nothing() -> None:
    events, _ = follow([ServerEvent("1.0", "strange", "nonsense"), DONE])

    assert events == [Told(id="1.0", type="strange", data={})]
