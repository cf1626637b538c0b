"""The outbox and its relay: at least once delivered, once in effect, and never forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import ClassVar
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.event_types import EVENT_TYPES
from dify_hex.adapters.persistence.outbox import SqlOutboxStore
from dify_hex.adapters.persistence.outbox_reader import SqlOutboxReader
from dify_hex.application.shared.outbox import EventHandler
from dify_hex.application.shared.relay import MAX_ATTEMPTS, OutboxRelay
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId, TenantId
from tests.conformance.notes import Note, NoteRetitled
from tests.fakes.servers import RunningServers
from tests.integration.persistence.sample_slice import NoteWork
from tests.migrations.rows import seeing_rows

pytestmark = pytest.mark.usefixtures("notes")


class CopyTitle(EventHandler):
    """Writes a second note for each new title, once per event, however often it is called."""

    handler_name: ClassVar[str] = "copy_title"
    event_types: ClassVar[tuple[type[DomainEvent], ...]] = (NoteRetitled,)

    def __init__(self, engine: AsyncEngine, *, crashes: int = 0) -> None:
        self._engine = engine
        self._crashes = crashes
        self.calls = 0

    async def handle(self, event_id: EventId, event: DomainEvent) -> None:
        assert isinstance(event, NoteRetitled)
        self.calls += 1
        async with NoteWork(self._engine, event.tenant_id) as work:
            if await work.mark_consumed(self.handler_name, event_id):
                copy = Note.create(
                    id=uuid4(), tenant_id=event.tenant_id, title=f"copy of {event.title}"
                )
                work.notes.add(copy)
                await work.commit()
        if self.calls <= self._crashes:
            raise RuntimeError("crashed after its effect was committed")


class Watch(EventHandler):
    """Remembers what it was given."""

    handler_name: ClassVar[str] = "watch"
    event_types: ClassVar[tuple[type[DomainEvent], ...]] = (NoteRetitled,)

    def __init__(self, *, fails: bool = False) -> None:
        self.seen: list[DomainEvent] = []
        self.arrived = asyncio.Event()
        self._fails = fails

    async def handle(self, event_id: EventId, event: DomainEvent) -> None:
        self.seen.append(event)
        self.arrived.set()
        if self._fails:
            raise RuntimeError("no")


@pytest.fixture(autouse=True)
async def empty_outbox(owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    await owner.execute("TRUNCATE outbox_events, consumed_events")
    monkeypatch.setitem(EVENT_TYPES, NoteRetitled.name, NoteRetitled)


@pytest.fixture
async def store(
    database: RunningServers, system_pool: asyncpg.Pool
) -> AsyncIterator[SqlOutboxStore]:
    store = SqlOutboxStore(system_pool, database.system_url)
    yield store
    await store.close()


def relay_of(
    store: SqlOutboxStore,
    pool: asyncpg.Pool,
    *handlers: EventHandler,
    sweep_every: timedelta = timedelta(seconds=30),
) -> OutboxRelay:
    return OutboxRelay(
        store=store,
        reader=SqlOutboxReader(pool),
        handlers=handlers,
        telemetry=SilentTelemetry(),
        sweep_every=sweep_every,
        random=Random(1),
    )


async def retitle(engine: AsyncEngine, tenant_id: TenantId, title: str) -> None:
    async with NoteWork(engine, tenant_id) as work:
        note = Note.create(id=uuid4(), tenant_id=tenant_id, title=str(uuid4()))
        note.retitle(title)
        work.notes.add(note)
        await work.commit()


async def make_due(pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE outbox_events SET next_attempt_at = now()")


async def waiting(pool: asyncpg.Pool) -> int:
    return (await SqlOutboxReader(pool).backlog()).pending


async def test_an_event_reaches_every_handler_and_leaves_the_outbox(
    engine: AsyncEngine, store: SqlOutboxStore, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    await retitle(engine, tenant_id, "news")
    watch, copy = Watch(), CopyTitle(engine)
    assert await relay_of(store, system_pool, watch, copy).deliver_batch() == 1
    assert [event.title for event in watch.seen if isinstance(event, NoteRetitled)] == ["news"]
    assert await waiting(system_pool) == 0


async def test_a_handler_that_crashed_after_its_effect_has_it_once_only(
    engine: AsyncEngine,
    owner: asyncpg.Connection,
    store: SqlOutboxStore,
    system_pool: asyncpg.Pool,
    pool: asyncpg.Pool,
    tenant_id: TenantId,
) -> None:
    await retitle(engine, tenant_id, "news")
    copy = CopyTitle(engine, crashes=1)
    relay = relay_of(store, system_pool, copy)
    await relay.deliver_batch()
    assert await waiting(system_pool) == 1
    await make_due(system_pool)
    await relay.deliver_batch()
    async with seeing_rows(owner, "notes"):
        copies = await owner.fetchval("SELECT count(*) FROM notes WHERE title = 'copy of news'")
    assert (copy.calls, copies, await waiting(system_pool)) == (2, 1, 0)


async def test_a_failed_handler_is_called_again_and_the_others_are_not(
    engine: AsyncEngine, store: SqlOutboxStore, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    await retitle(engine, tenant_id, "news")
    watch, copy = Watch(), CopyTitle(engine, crashes=2)
    relay = relay_of(store, system_pool, copy, watch)
    for _ in range(3):
        await relay.deliver_batch()
        await make_due(system_pool)
    assert (len(watch.seen), copy.calls, await waiting(system_pool)) == (1, 3, 0)


async def test_a_relay_that_died_gives_its_events_to_the_next(
    engine: AsyncEngine, store: SqlOutboxStore, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    await retitle(engine, tenant_id, "news")
    claimed = await store.claim(10, timedelta(minutes=1))
    watch = Watch()
    relay = relay_of(store, system_pool, watch)
    assert await relay.deliver_batch() == 0
    await make_due(system_pool)
    assert await relay.deliver_batch() == 1
    assert watch.seen == [pending.event for pending in claimed]


async def test_two_relays_never_hold_the_same_event(
    engine: AsyncEngine, store: SqlOutboxStore, tenant_id: TenantId
) -> None:
    for number in range(20):
        await retitle(engine, tenant_id, f"news {number}")
    claims = await asyncio.gather(*[store.claim(5, timedelta(seconds=30)) for _ in range(4)])
    ids = [pending.id for claim in claims for pending in claim]
    assert len(ids) == len(set(ids)) == 20


async def test_failures_are_spaced_out_and_end_as_a_dead_letter(
    engine: AsyncEngine, store: SqlOutboxStore, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    await retitle(engine, tenant_id, "news")
    relay = relay_of(store, system_pool, Watch(fails=True))
    pauses = []
    for _ in range(MAX_ATTEMPTS):
        await make_due(system_pool)
        await relay.deliver_batch()
        pauses.append(
            await system_pool.fetchval(
                "SELECT extract(epoch FROM next_attempt_at - now()) FROM outbox_events"
            )
        )
    # A slow machine asks a little later how much is left of a pause.
    assert 0 < pauses[0] <= 1
    assert 7 <= pauses[4] <= 16
    reader = SqlOutboxReader(system_pool)
    (dead,) = await reader.dead_events(10)
    assert (dead.tenant_id, dead.name, dead.attempts) == (
        tenant_id,
        "note.retitled",
        MAX_ATTEMPTS,
    )
    assert dead.error == "watch: RuntimeError: no"
    await make_due(system_pool)
    assert await relay.deliver_batch() == 0
    assert (await reader.backlog()).dead == 1


async def test_an_event_of_an_unknown_name_waits_for_a_release_that_knows_it(
    engine: AsyncEngine,
    store: SqlOutboxStore,
    system_pool: asyncpg.Pool,
    tenant_id: TenantId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await retitle(engine, tenant_id, "news")
    watch = Watch()
    relay = relay_of(store, system_pool, watch)
    with monkeypatch.context() as older_release:
        older_release.delitem(EVENT_TYPES, NoteRetitled.name)
        await relay.deliver_batch()
    assert (len(watch.seen), await waiting(system_pool)) == (0, 1)
    await make_due(system_pool)
    await relay.deliver_batch()
    assert (len(watch.seen), await waiting(system_pool)) == (1, 0)


async def test_an_announcement_wakes_the_relay(
    engine: AsyncEngine, store: SqlOutboxStore, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    watch = Watch()
    relay = relay_of(store, system_pool, watch, sweep_every=timedelta(hours=1))
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(0.2)
    await retitle(engine, tenant_id, "news")
    await asyncio.wait_for(watch.arrived.wait(), 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_sweep_finds_what_nobody_announced(
    engine: AsyncEngine,
    store: SqlOutboxStore,
    system_pool: asyncpg.Pool,
    owner: asyncpg.Connection,
    tenant_id: TenantId,
) -> None:
    watch = Watch()
    relay = relay_of(store, system_pool, watch, sweep_every=timedelta(milliseconds=100))
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(0.2)
    await owner.execute("ALTER TABLE outbox_events DISABLE TRIGGER announce")
    try:
        await retitle(engine, tenant_id, "news")
        await asyncio.wait_for(watch.arrived.wait(), 20)
    finally:
        await owner.execute("ALTER TABLE outbox_events ENABLE TRIGGER announce")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_relay_outlives_the_loss_of_its_connections(
    engine: AsyncEngine,
    store: SqlOutboxStore,
    system_pool: asyncpg.Pool,
    owner: asyncpg.Connection,
    tenant_id: TenantId,
) -> None:
    watch = Watch()
    relay = relay_of(store, system_pool, watch, sweep_every=timedelta(milliseconds=200))
    running = asyncio.create_task(relay.run())
    await asyncio.sleep(0.2)
    await end_connections_of_the_relay(system_pool)
    await retitle(engine, tenant_id, "news")
    await asyncio.wait_for(watch.arrived.wait(), 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def end_connections_of_the_relay(pool: asyncpg.Pool) -> None:
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = current_user AND pid <> pg_backend_pid()"
        " AND datname = current_database()"
    )


async def test_marks_of_consumption_are_pruned_when_they_are_old(
    engine: AsyncEngine, store: SqlOutboxStore, owner: asyncpg.Connection, tenant_id: TenantId
) -> None:
    for handler in ("old", "new"):
        async with NoteWork(engine, tenant_id) as work:
            await work.mark_consumed(handler, EventId(uuid4()))
            await work.commit()
    async with seeing_rows(owner, "consumed_events"):
        await owner.execute(
            "UPDATE consumed_events SET consumed_at = now() - interval '8 days'"
            " WHERE handler = 'old'"
        )
    await store.prune()
    async with seeing_rows(owner, "consumed_events"):
        left = await owner.fetch("SELECT handler FROM consumed_events")
    assert [row["handler"] for row in left] == ["new"]
