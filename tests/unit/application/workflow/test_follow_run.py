"""Following a run: what one reader is shown, and when the journal is asked."""

import asyncio
import json
from contextlib import aclosing

import pytest

from dify_hex.application.workflow.stream_position import StreamDetail, StreamPosition
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.workflow.errors import StreamOverflow, WorkflowRunNotFound
from dify_hex.domain.workflow.statuses import RunStatus
from tests.fakes.followed_run import Client, FollowedRun


@pytest.fixture
def run() -> FollowedRun:
    run = FollowedRun()
    run.begin()
    return run


async def test_a_chat_shows_its_run_and_its_message(run: FollowedRun) -> None:
    run.row("node.started")
    run.say("Hel")
    client = Client(run)
    await client.read()
    run.say("lo")
    run.node_delta('{"text":"thinking"}')
    run.row("node.succeeded")
    run.end()
    await client.read_to_end()
    assert client.types == [
        "run.started",
        "message.started",
        "message.delta",
        "message.delta",
        "message.complete",
        "run.succeeded",
        "done",
    ]
    assert client.text == "Hello"


async def test_with_details_the_nodes_are_shown_too(run: FollowedRun) -> None:
    run.row("node.started")
    run.node_delta('{"text":"thinking"}')
    run.row("node.succeeded")
    run.end()
    client = Client(run, StreamDetail.NODES)
    await client.read_to_end()
    assert client.types[2:5] == ["node.started", "node.delta", "node.succeeded"]
    assert [event.id for event in client.events[2:5]] == ["3.0", "3.1", "4.0"]


async def test_ids_name_the_last_journalled_event_and_what_came_after_it(run: FollowedRun) -> None:
    client = Client(run)
    for text in ("a", "b"):
        run.say(text)
        await client.read()
    assert [event.id for event in client.events] == ["1.0", "2.0", "2.1", "2.2"]


async def test_a_late_reader_gets_the_text_so_far_in_one_piece(run: FollowedRun) -> None:
    for text in ("Hel", "lo", "!"):
        run.say(text)
    client = Client(run)
    await client.read()
    assert client.types == ["run.started", "message.started", "message.delta"]
    assert client.text == "Hello!"


async def test_a_reader_that_comes_back_to_a_delta_goes_on_exactly_there(run: FollowedRun) -> None:
    run.say("Hel")
    client = Client(run)
    await client.read()
    await client.leave()
    run.say("lo")
    client.connect()
    await client.read()
    assert client.types == ["run.started", "message.started", "message.delta", "message.delta"]
    assert client.text == "Hello"


async def test_a_position_whose_text_is_not_certain_begins_with_the_whole_text(
    run: FollowedRun,
) -> None:
    run.say("Hel")
    client = Client(run)
    await client.read()
    await client.leave(after=2)
    run.say("lo")
    client.connect()
    await client.read()
    assert client.types[-1] == "message.reset"
    assert client.text == "Hello"


async def test_a_new_owners_text_replaces_what_the_reader_holds(run: FollowedRun) -> None:
    run.say("Hello wor")
    client = Client(run)
    await client.read()
    run.take_over("Hello")
    run.say(", world")
    await client.read()
    assert client.types[-1] == "message.reset"
    assert client.text == "Hello, world"


async def test_what_was_shown_and_never_committed_is_told_anew_by_the_next_owner(
    run: FollowedRun,
) -> None:
    client = Client(run, StreamDetail.NODES)
    run.row("node.started")
    run.say("Old")
    run.show_uncommitted("node.succeeded", "node.started", "node.succeeded", "node.started")
    await client.read()
    run.take_over("Anew")
    run.row("node.retrying")
    run.end()
    await client.read_to_end()
    assert client.types[-5:] == [
        "message.reset",
        "node.retrying",
        "message.complete",
        "run.succeeded",
        "done",
    ]
    assert client.text == "Anew"


async def test_positions_of_two_owners_never_coincide(run: FollowedRun) -> None:
    run.say("old")
    client = Client(run)
    await client.read()
    await client.leave()
    run.take_over("")
    run.say("new text")
    client.connect()
    await client.read()
    assert client.text == "new text"
    assert client.events[-1].id == "2.1000002"


async def test_after_a_loss_of_the_stream_the_text_is_whole_again(run: FollowedRun) -> None:
    run.say("Hello")
    client = Client(run)
    await client.read()
    await client.leave()
    run.row("node.succeeded")
    run.say(", ")
    run.lose_stream()
    run.say("world")
    client.connect()
    run.end()
    await client.read_to_end()
    assert client.text == "Hello, world"


async def test_a_run_that_ended_without_its_last_entries_still_ends_its_readers(
    run: FollowedRun,
) -> None:
    run.say("Hel")
    client = Client(run)
    await client.read()
    run.text = "Hello"
    run.end(shown=False)
    await client.read_to_end()
    assert client.types[-3:] == ["message.complete", "run.succeeded", "done"]
    assert client.text == "Hello"


async def test_a_finished_run_is_told_from_the_journal_alone(run: FollowedRun) -> None:
    run.text = "Hello"
    run.end(shown=False)
    run.store.streams.clear()
    client = Client(run)
    await client.read_to_end()
    assert client.journalled == ["1.0", "2.0", "3.0", "4.0"]
    assert client.text == "Hello"


async def test_coming_back_after_the_end_says_done_and_nothing_else(run: FollowedRun) -> None:
    run.end()
    client = Client(run)
    await client.read_to_end()
    await client.leave()
    before = len(client.events)
    client.connect()
    await client.read_to_end()
    assert [event.type for event in client.events[before:]] == ["done"]


async def test_a_position_beyond_the_run_is_not_believed(run: FollowedRun) -> None:
    run.say("Hello")
    reading = run.follow_run().execute(run.tenant_id, run.run_id, after=StreamPosition(900, 3))
    await anext(reading)
    run.end()
    events = [event async for batch in reading for event in batch]
    assert [event.type for event in events[-3:]] == ["message.complete", "run.succeeded", "done"]
    reset = next(event for event in events if event.type == "message.reset")
    assert json.loads(reset.data) == {"text": "Hello"}


async def test_silence_is_an_empty_batch(run: FollowedRun) -> None:
    client = Client(run)
    await client.read()
    async with aclosing(client._batches) as batches:  # type: ignore[type-var] # a generator
        assert await anext(batches) == []


async def test_a_paused_run_keeps_its_stream_open(run: FollowedRun) -> None:
    run.row("run.paused")
    run.journal.status = RunStatus.PAUSED
    client = Client(run)
    await client.read(5)
    assert client.types[-1] == "run.paused"
    run.row("run.resumed")
    run.end()
    await client.read_to_end()
    assert client.types[-1] == "done"


async def test_an_unknown_run_is_said_to_be_unknown() -> None:
    run = FollowedRun()
    with pytest.raises(WorkflowRunNotFound):
        await Client(run).read(3)


async def test_a_slow_reader_is_told_that_it_was_too_slow(run: FollowedRun) -> None:
    reading = run.follow_run().execute(run.tenant_id, run.run_id)
    await anext(reading)
    for _ in range(5):
        run.say("x")
    run.store.trim(2)
    with pytest.raises(StreamOverflow):
        await anext(reading)


async def test_a_short_outage_of_the_journal_is_ridden_out(run: FollowedRun) -> None:
    client = Client(run)
    await client.read()
    run.journal.is_away = True
    await client.read(2)
    run.journal.is_away = False
    run.end(shown=False)
    await client.read_to_end()
    assert client.types[-1] == "done"


async def test_news_are_shown_while_the_journal_is_away(run: FollowedRun) -> None:
    client = Client(run)
    await client.read()
    run.journal.is_away = True
    await client.read(2)
    run.say("still here")
    await client.read()
    assert client.text == "still here"


async def test_rows_that_cannot_be_read_yet_hold_back_what_follows_them(run: FollowedRun) -> None:
    client = Client(run)
    await client.read()
    run.journal.is_away = True
    run.row("message.retrieval", shown=False)
    run.say("text")
    await client.read(2)
    assert client.text == ""
    run.journal.is_away = False
    await client.read(2)
    assert client.types[-2:] == ["message.retrieval", "message.delta"]


async def test_a_long_outage_ends_the_stream(run: FollowedRun) -> None:
    client = Client(run)
    await client.read()
    run.journal.is_away = True
    with pytest.raises(Unavailable):
        await client.read(1000)


async def test_many_silent_readers_ask_the_journal_together(run: FollowedRun) -> None:
    follow = run.follow_run(silence=0.02)
    readings = [follow.execute(run.tenant_id, run.run_id) for _ in range(50)]
    for reading in readings:
        await anext(reading)
    await asyncio.gather(*(anext(reading) for reading in readings))
    assert run.journal.head_queries <= 5


async def test_many_readers_read_the_same_rows_once(run: FollowedRun) -> None:
    follow = run.follow_run(silence=0.02)
    readings = [follow.execute(run.tenant_id, run.run_id) for _ in range(50)]
    for reading in readings:
        await anext(reading)
    run.row("message.retrieval", shown=False)
    run.say("text")
    shown = await asyncio.gather(*(anext(reading) for reading in readings))
    assert {batch[0].type for batch in shown} == {"message.retrieval"}
    assert run.journal.reads <= 2


async def test_runs_that_journal_little_leave_holes(run: FollowedRun) -> None:
    run.seq = 5
    run.row("message.retrieval")
    del run.journal.rows[-1]
    run.say("text")
    client = Client(run)
    await client.read()
    assert client.types[-2:] == ["message.retrieval", "message.delta"]
