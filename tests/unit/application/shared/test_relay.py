"""The outbox relay: every handler is called until it has taken the event, within reason."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import ClassVar
from uuid import uuid4

import pytest

from dify_hex.application.shared import relay as relay_module
from dify_hex.application.shared.outbox import EventHandler
from dify_hex.application.shared.relay import LONGEST_RETRY, MAX_ATTEMPTS, OutboxRelay
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId, TenantId
from tests.conformance.notes import NOW, NoteRetitled
from tests.fakes.memory_outbox import MemoryOutbox


class Recorder(EventHandler):
    """Takes events, after failing so often."""

    handler_name: ClassVar[str] = "recorder"
    event_types: ClassVar[tuple[type[DomainEvent], ...]] = (NoteRetitled,)

    def __init__(self, *, failures: float = 0, hangs: bool = False) -> None:
        self.calls = 0
        self.taken: list[EventId] = []
        self.done = asyncio.Event()
        self._failures = failures
        self._hangs = hangs

    async def handle(self, event_id: EventId, event: DomainEvent) -> None:
        self.calls += 1
        if self._hangs:
            await asyncio.sleep(3600)
        if self.calls <= self._failures:
            raise RuntimeError("not yet")
        self.taken.append(event_id)
        self.done.set()


class OtherRecorder(Recorder):
    """Another handler of the same events."""

    handler_name: ClassVar[str] = "other"


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


def retitled() -> NoteRetitled:
    return NoteRetitled(tenant_id=TenantId(uuid4()), occurred_at=NOW, note_id=uuid4(), title="news")


def relay_of(outbox: MemoryOutbox, *handlers: EventHandler) -> OutboxRelay:
    return OutboxRelay(
        store=outbox,
        reader=outbox,
        handlers=handlers,
        telemetry=SilentTelemetry(),
        sweep_every=timedelta(milliseconds=20),
        random=Random(7),
    )


@asynccontextmanager
async def running(relay: OutboxRelay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_every_handler_of_the_event_takes_it(outbox: MemoryOutbox) -> None:
    first, second = Recorder(), OtherRecorder()
    event_id = outbox.store(retitled())
    await relay_of(outbox, first, second).deliver_batch()
    assert first.taken == second.taken == [event_id]
    assert (await outbox.backlog()).pending == 0


async def test_an_event_that_nobody_handles_is_done(outbox: MemoryOutbox) -> None:
    outbox.store(retitled())
    await relay_of(outbox).deliver_batch()
    assert (await outbox.backlog()).pending == 0


async def test_a_failure_does_not_keep_the_others_from_their_turn(outbox: MemoryOutbox) -> None:
    failing, other = Recorder(failures=1), OtherRecorder()
    outbox.store(retitled())
    relay = relay_of(outbox, failing, other)
    await relay.deliver_batch()
    outbox.pass_time(timedelta(minutes=1))
    await relay.deliver_batch()
    assert (failing.calls, other.calls) == (2, 1)
    assert (await outbox.backlog()).pending == 0


async def test_attempts_are_spaced_wider_and_wider_up_to_a_limit(outbox: MemoryOutbox) -> None:
    event_id = outbox.store(retitled())
    relay = relay_of(outbox, Recorder(failures=float("inf")))
    pauses = []
    for _ in range(MAX_ATTEMPTS - 1):
        await relay.deliver_batch()
        pauses.append(outbox.due_in(event_id))
        outbox.pass_time(pauses[-1])
    assert timedelta(seconds=0.5) <= pauses[0] <= timedelta(seconds=1)
    assert timedelta(seconds=16) <= pauses[5] <= timedelta(seconds=32)
    assert all(pause <= LONGEST_RETRY for pause in pauses)


async def test_after_the_last_attempt_the_event_is_dead_and_says_why(
    outbox: MemoryOutbox,
) -> None:
    never = Recorder(failures=float("inf"))
    outbox.store(retitled())
    relay = relay_of(outbox, never)
    for _ in range(MAX_ATTEMPTS + 3):
        await relay.deliver_batch()
        outbox.pass_time(LONGEST_RETRY)
    (dead,) = await outbox.dead_events(5)
    assert (never.calls, dead.error) == (MAX_ATTEMPTS, "recorder: RuntimeError: not yet")


async def test_a_handler_that_hangs_has_failed(
    outbox: MemoryOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "HANDLER_TIMEOUT", timedelta(milliseconds=10))
    outbox.store(retitled())
    await relay_of(outbox, Recorder(hangs=True)).deliver_batch()
    assert (await outbox.backlog()).pending == 1


async def test_the_relay_is_woken_by_news(outbox: MemoryOutbox) -> None:
    recorder = Recorder()
    async with running(relay_of(outbox, recorder)):
        await asyncio.sleep(0.01)
        outbox.store(retitled())
        await asyncio.wait_for(recorder.done.wait(), 20)
    assert outbox.prunings


async def test_the_relay_goes_on_after_an_outage(outbox: MemoryOutbox) -> None:
    recorder = Recorder()
    outbox.store(retitled())
    outbox.outages = 1
    async with running(relay_of(outbox, recorder)):
        await asyncio.wait_for(recorder.done.wait(), 20)
