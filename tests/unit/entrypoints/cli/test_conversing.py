"""One conversation from a terminal: what is sent, what appears, how it is stopped."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dify_hex.entrypoints.cli.api import Api
from dify_hex.entrypoints.cli.chat_screens import PlainScreen, TerminalScreen
from dify_hex.entrypoints.cli.conversing import Conversing, Reply, Screen
from dify_hex.entrypoints.cli.failures import CommandFailed
from dify_hex.entrypoints.cli.session import ApiKey


def frame(event_id: str, kind: str, **data: Any) -> bytes:
    return f"id: {event_id}\r\nevent: {kind}\r\ndata: {json.dumps(data)}\r\n\r\n".encode()


STARTED = frame("2.0", "message.started", message_id="m1", conversation_id="c1")
HELLO = frame("4.1", "message.delta", text="Hello")
ENDED = frame("8.0", "done")


def complete(status: str, answer: str) -> bytes:
    usage = {"completion_tokens": 2, "first_token_seconds": 0.25}
    return frame("7.0", "message.complete", status=status, answer=answer, usage=usage)


class ScriptedApi:
    """Answers every stream with the next of its scripts; a script may be interrupted by Ctrl-C."""

    def __init__(self, *scripts: list[bytes | BaseException]) -> None:
        self._scripts = list(scripts)
        self.asked: list[tuple[str, str, Any]] = []
        client = httpx.Client(
            base_url="http://api", transport=httpx.MockTransport(self._answer), timeout=1
        )
        self.api = Api(client, ApiKey("sk-1"))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        if request.url.path.endswith("/stop"):
            return httpx.Response(200, json={"code": "success", "data": {}})
        return httpx.Response(
            200,
            content=self._stream(self._scripts.pop(0)),
            headers={"content-type": "text/event-stream"},
        )

    def _stream(self, script: list[bytes | BaseException]) -> Iterator[bytes]:
        for item in script:
            if isinstance(item, BaseException):
                raise item
            yield item


def converse(api: ScriptedApi, screen: Screen, **options: Any) -> Conversing:
    return Conversing(api.api, "a1", screen, user="ann", **options)


def test_each_message_goes_on_in_the_same_conversation() -> None:
    script: list[bytes | BaseException] = [STARTED, HELLO, complete("succeeded", "Hello"), ENDED]
    api = ScriptedApi(script, script)
    conversing = converse(api, PlainScreen(), inputs={"tone": "dry"})

    first = conversing.send("Hi")
    conversing.send("Go on")

    assert (first.message_id, first.status, first.answer) == ("m1", "succeeded", "Hello")
    sent = [body for *_, body in api.asked]
    assert sent[0] == {
        "query": "Hi",
        "inputs": {"tone": "dry"},
        "user": "ann",
        "response": "stream",
    }
    assert sent[1]["conversation_id"] == "c1"


def test_ctrl_c_stops_the_message_and_hears_how_it_ended() -> None:
    api = ScriptedApi([STARTED, HELLO, KeyboardInterrupt()], [complete("stopped", "Hello"), ENDED])

    reply = converse(api, PlainScreen()).send("Hi")

    assert (reply.status, reply.answer) == ("stopped", "Hello")
    assert [asked[:2] for asked in api.asked] == [
        ("POST", "/v1/apps/a1/messages"),
        ("POST", "/v1/messages/m1/stop"),
        ("GET", "/v1/messages/m1/events"),
    ]


def test_ctrl_c_before_anything_was_heard_just_leaves() -> None:
    with pytest.raises(KeyboardInterrupt):
        converse(ScriptedApi([KeyboardInterrupt()]), PlainScreen()).send("Hi")


def test_a_failed_run_says_why() -> None:
    error = {"code": "model_unavailable", "message": "The model is away."}
    api = ScriptedApi(
        [STARTED, complete("failed", ""), frame("8.0", "run.failed", error=error), ENDED]
    )

    assert converse(api, PlainScreen()).send("Hi").error == error


def test_a_refused_message_is_a_failure_of_the_command() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"code": "app_not_found", "message": "No such app."})

    client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(handler))
    with pytest.raises(CommandFailed, match="No such app"):
        Conversing(Api(client, ApiKey("k")), "a1", PlainScreen(), user="ann").send("Hi")


def test_a_terminal_shows_tokens_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    screen = TerminalScreen()
    screen.waiting()
    screen.show("Hel", anew=False)
    assert capsys.readouterr().out == "Hel"
    screen.show("lo", anew=False)
    screen.complete(Reply(status="succeeded", answer="Hello", usage={"completion_tokens": 2}))

    told = capsys.readouterr()
    assert told.out == "lo\n"
    assert "2 tokens" in told.err


def test_a_terminal_says_when_a_text_begins_anew(capsys: pytest.CaptureFixture[str]) -> None:
    screen = TerminalScreen()
    screen.show("Wrong", anew=False)
    screen.show("Right", anew=True)
    screen.complete(Reply(status="stopped", answer="Right"))

    told = capsys.readouterr()
    assert told.out == "Wrong\nRight\n"
    assert "taken back" in told.err
    assert "stopped" in told.err


def test_a_pipe_gets_the_answer_whole_and_the_reason_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = PlainScreen()
    screen.show("not yet certain", anew=False)
    error = {"code": "model_stream_cut", "message": "Cut."}
    screen.complete(Reply(answer="Half of", error=error))

    told = capsys.readouterr()
    assert told.out == "Half of\n"
    assert told.err == "Cut. [model_stream_cut]\n"


def test_what_the_answer_stands_on_is_shown_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    cited = {"position": 1, "document_name": "report.pdf", "score": 0.82}
    cited |= {"first_page": 3, "last_page": 4}
    retrieval = frame("3.0", "message.retrieval", node_id="llm", citations=[cited])
    script = [STARTED, retrieval, HELLO, complete("succeeded", "Hello"), ENDED]
    for screen in (TerminalScreen(), PlainScreen()):
        reply = converse(ScriptedApi([*script]), screen).send("Hello?")
        shown = capsys.readouterr()
        assert shown.out == "Hello\n"
        assert "[1] report.pdf, p. 3\N{EN DASH}4 (0.82)" in shown.err
        assert reply.as_json()["citations"] == [cited]
