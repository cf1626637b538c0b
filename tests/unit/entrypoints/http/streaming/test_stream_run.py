"""A run over HTTP: the form of its stream, how it is resumed, and how it ends."""

import asyncio
import json

import httpx
import pytest
from fastapi import FastAPI

from dify_hex.entrypoints.http.streaming.open_streams import OpenStreams, StreamOptions
from tests.fakes.asgi_stream import AsgiStream
from tests.fakes.followed_run import FollowedRun
from tests.unit.entrypoints.http.parts import Parts

PATH = "/v1/stream"


def events_of(body: str) -> list[tuple[str, str, dict[str, object]]]:
    """Id, type and data of every event."""
    found = []
    for block in body.split("\r\n\r\n"):
        if not block or block.startswith(":"):
            continue
        fields = dict(line.split(": ", 1) for line in block.split("\r\n"))
        assert list(fields) == ["id", "event", "data"]
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


async def test_every_event_has_an_id_a_type_and_one_line_of_json(
    client: httpx.AsyncClient, run: FollowedRun
) -> None:
    run.say("Hello\r\n\n世界")
    run.end()
    response = await client.get(PATH)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "no-cache" in response.headers["cache-control"]
    assert response.headers["x-accel-buffering"] == "no"
    assert events_of(response.text) == [
        ("1.0", "run.started", {}),
        ("2.0", "message.started", {}),
        ("2.1", "message.delta", {"text": "Hello\r\n\n世界"}),
        ("3.0", "message.complete", {"answer": "Hello\r\n\n世界"}),
        ("4.0", "run.succeeded", {}),
        ("4.0", "done", {}),
    ]


async def test_the_pieces_come_as_they_are_written(app: FastAPI, run: FollowedRun) -> None:
    stream = AsgiStream(app, PATH).start()
    await stream.until("message.started")
    run.say("now")
    await stream.until('{"text":"now"}')
    run.end()
    assert events_of(await stream.end())[-1][1] == "done"


@pytest.mark.parametrize("how", ["header", "query"])
async def test_a_stream_is_resumed_after_an_event(
    client: httpx.AsyncClient, run: FollowedRun, how: str
) -> None:
    run.say("Hel")
    run.say("lo")
    run.end()
    response = await (
        client.get(PATH, headers={"last-event-id": "2.1"})
        if how == "header"
        else client.get(PATH, params={"after": "2.1"})
    )
    assert [event[1] for event in events_of(response.text)] == [
        "message.delta",
        "message.complete",
        "run.succeeded",
        "done",
    ]
    assert events_of(response.text)[0][2] == {"text": "lo"}


@pytest.mark.parametrize("position", ["x", "1", "1.2.3", "-1.0", "1.0;", "9" * 30 + ".0"])
async def test_a_malformed_position_is_refused(client: httpx.AsyncClient, position: str) -> None:
    response = await client.get(PATH, headers={"last-event-id": position})
    assert response.status_code == 400
    assert response.json()["code"] == "stream_malformed_position"


async def test_nodes_are_shown_on_demand(client: httpx.AsyncClient, run: FollowedRun) -> None:
    run.row("node.started")
    run.end()
    plain = await client.get(PATH)
    detailed = await client.get(PATH, params={"detail": "nodes"})
    assert "node.started" not in plain.text
    assert "node.started" in detailed.text
    assert (await client.get(PATH, params={"detail": "all"})).status_code == 422


async def test_a_lone_surrogate_does_not_end_a_stream(
    client: httpx.AsyncClient, run: FollowedRun
) -> None:
    run.say("a\ud800b")
    run.row("run.succeeded")
    response = await client.get(PATH)
    assert '{"text":"a?b"}' in response.text


class TestLeaving:
    async def test_a_client_that_leaves_is_not_counted_any_more(
        self, app: FastAPI, run: FollowedRun
    ) -> None:
        streams: OpenStreams = app.state.streams
        stream = AsgiStream(app, PATH).start()
        await stream.until("message.started")
        assert streams.count == 1
        assert await run.stream.readers([run.run_id]) == {run.run_id: 1}
        await stream.leave()
        assert streams.count == 0
        assert await run.stream.readers([run.run_id]) == {run.run_id: 0}

    async def test_open_streams_are_a_figure(self, app: FastAPI, parts: Parts) -> None:
        stream = AsgiStream(app, PATH).start()
        await stream.until("message.started")
        assert b"streams_open 1.0" in parts.telemetry.exposition()[0]
        await stream.leave()
        assert b"streams_open 0.0" in parts.telemetry.exposition()[0]


class TestEndings:
    async def test_a_long_outage_is_an_error_that_can_be_resumed(
        self, app: FastAPI, run: FollowedRun
    ) -> None:
        stream = AsgiStream(app, PATH, {"accept-language": "zh"}).start()
        run.say("text")
        await stream.until('"text"')
        run.journal.is_away = True
        *_, error, done = events_of(await stream.end())
        assert error[:2] == ("2.1", "error")
        assert error[2]["code"] == "sys_unavailable"
        assert error[2]["resumable"] is True
        assert "暂不可用" in str(error[2]["message"])
        assert done == ("2.1", "done", {})

    async def test_a_slow_client_loses_its_own_stream_and_may_resume(
        self, app: FastAPI, run: FollowedRun
    ) -> None:
        slow, quick = AsgiStream(app, PATH).start(), AsgiStream(app, PATH).start()
        await slow.until("message.started")
        await quick.until("message.started")
        slow.hold()
        for _ in range(20):
            run.say("x")
            await asyncio.sleep(0.001)
            run.store.trim(3)
        slow.take()
        *_, error, done = events_of(await slow.end())
        assert (error[1], error[2]["code"], error[2]["resumable"]) == (
            "error",
            "stream_overflow",
            True,
        )
        assert done[1] == "done"
        run.end()
        assert events_of(await quick.end())[-2][1] == "run.succeeded"

    async def test_a_process_that_stops_sends_its_clients_elsewhere(
        self, app: FastAPI, run: FollowedRun
    ) -> None:
        stream = AsgiStream(app, PATH).start()
        await stream.until("message.started")
        app.state.streams.close()
        *_, error, done = events_of(await stream.end())
        assert (error[2]["code"], error[2]["resumable"]) == ("sys_unavailable", True)
        assert (error[0], done[1]) == ("2.0", "done")

    async def test_a_fault_of_ours_says_nothing_but_the_request_id(
        self, app: FastAPI, run: FollowedRun
    ) -> None:
        run.row("message.complete", "this is not JSON")
        *_, error, done = events_of(await AsgiStream(app, PATH).start().end())
        assert (error[2]["code"], error[2]["resumable"]) == ("sys_internal_error", False)
        assert done[1] == "done"

    async def test_a_run_that_vanished_is_said_to_be_unknown(
        self, client: httpx.AsyncClient, run: FollowedRun
    ) -> None:
        run.journal.rows.clear()
        run.store.streams.clear()
        error, done = events_of((await client.get(PATH)).text)
        assert error[:2] == ("0.0", "error")
        assert (error[2]["code"], error[2]["resumable"]) == ("workflow_run_not_found", False)
        assert done == ("0.0", "done", {})


class TestPings:
    @pytest.fixture
    def options(self) -> StreamOptions:
        return StreamOptions(ping_every=0.02)

    async def test_silence_is_filled_with_comments(self, app: FastAPI, run: FollowedRun) -> None:
        stream = AsgiStream(app, PATH).start()
        body = await stream.until(": ping\r\n\r\n: ping\r\n\r\n")
        assert "event: error" not in body
        run.end()
        assert events_of(await stream.end())[-1][1] == "done"


class TestLimits:
    @pytest.fixture
    def options(self) -> StreamOptions:
        return StreamOptions(max_length=0.1, send_timeout=0.2)

    async def test_a_stream_does_not_last_for_ever(self, app: FastAPI, run: FollowedRun) -> None:
        *_, error, done = events_of(await AsgiStream(app, PATH).start().end())
        assert (error[2]["code"], error[2]["resumable"]) == ("stream_too_long", True)
        assert done[1] == "done"

    async def test_a_client_that_takes_nothing_is_given_up(
        self, app: FastAPI, run: FollowedRun
    ) -> None:
        stream = AsgiStream(app, PATH).start()
        stream.hold()
        await stream.end()
        assert app.state.streams.count == 0
