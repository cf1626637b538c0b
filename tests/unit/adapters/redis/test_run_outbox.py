"""What is sent to Redis for one run, in which form, and when anything may be missing there."""

import json
from uuid import uuid4

import pytest
from redis.exceptions import ResponseError

from dify_hex.adapters.redis.run_outbox import MAX_PENDING, WHOLE_TEXT_EVERY, RunOutbox
from dify_hex.adapters.redis.run_tail import RunTail
from dify_hex.application.workflow.records import Lease, StreamEntry
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId


@pytest.fixture
def outbox() -> RunOutbox:
    lease = Lease(tenant_id=TenantId(uuid4()), run_id=WorkflowRunId(uuid4()), owner="o", token=1)
    return RunOutbox(lease, RunTail(lease.tenant_id, lease.run_id))


def say(outbox: RunOutbox, n: int) -> None:
    outbox.put([StreamEntry(1, 1, n, "message.delta", "x", n - 1)])


def send(outbox: RunOutbox, now: float = 0.0) -> list[tuple[object, ...]]:
    """What goes out, when Redis takes it."""
    commands = outbox.commands(now)
    outbox.conclude([b"1-1" if command[0] == "XADD" else 1 for command in commands])
    return [tuple(command) for command in commands]


def batches(commands: list[tuple[object, ...]]) -> list[list[object]]:
    return [json.loads(str(command[-1])) for command in commands if command[0] == "XADD"]


def test_the_first_batch_makes_the_stream_and_gives_it_an_end(outbox: RunOutbox) -> None:
    say(outbox, 1)
    add, expire = send(outbox)
    assert "NOMKSTREAM" not in add
    assert expire[0] == "PEXPIRE"
    assert outbox.settled.is_set()


def test_later_batches_never_make_it_again_and_seldom_prolong_it(outbox: RunOutbox) -> None:
    say(outbox, 1)
    send(outbox)
    say(outbox, 2)
    (add,) = send(outbox, 30.0)
    assert "NOMKSTREAM" in add
    say(outbox, 3)
    assert [command[0] for command in send(outbox, 61.0)] == ["XADD", "PEXPIRE"]


@pytest.mark.parametrize("reply", [None, ResponseError("WRONGTYPE")])
def test_a_stream_that_is_gone_is_made_anew_with_the_whole_text(
    outbox: RunOutbox, reply: object
) -> None:
    say(outbox, 1)
    send(outbox)
    say(outbox, 2)
    outbox.commands(1.0)
    outbox.conclude([reply])
    assert outbox.has_news
    assert not outbox.settled.is_set()
    commands = send(outbox, 2.0)
    assert [command[0] for command in commands] == ["XADD", "PEXPIRE"]
    ((_, token, number, is_whole, rows),) = batches(commands)
    # Number 2 is left out, which readers take for a gap.
    assert (token, number, is_whole) == (1, 3, 1)
    assert rows == [[1, 2, "message.reset", "xx", 0]]


def test_too_much_waiting_becomes_the_whole_text(outbox: RunOutbox) -> None:
    for n in range(1, MAX_PENDING + 2):
        say(outbox, n)
    ((*_, rows),) = batches(send(outbox))
    assert rows == [[1, MAX_PENDING + 1, "message.reset", "x" * (MAX_PENDING + 1), 0]]


def test_a_run_without_text_says_how_far_it_has_come(outbox: RunOutbox) -> None:
    outbox.put([StreamEntry(1, 3, 0, "node.started", "{}")])
    outbox.lose()
    ((*_, rows),) = batches(send(outbox))
    assert rows == [[3, 0, "node.started", "{}", -1]]


def test_now_and_then_the_whole_text_is_repeated(outbox: RunOutbox) -> None:
    sent = []
    for n in range(1, WHOLE_TEXT_EVERY + 1):
        say(outbox, n)
        sent += batches(send(outbox))
    assert [batch[2] for batch in sent] == list(range(WHOLE_TEXT_EVERY + 1))
    assert [batch[3] for batch in sent].count(1) == 1


def test_nothing_is_sent_before_anything_was_written(outbox: RunOutbox) -> None:
    outbox.lose()
    assert not outbox.has_news
    assert outbox.whole_text() == ()
