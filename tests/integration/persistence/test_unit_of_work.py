"""The unit of work on a real database: what is kept, what is refused, what comes back."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.transactions import TransactionAborted, tenant_reads
from dify_hex.domain.shared.ids import TenantId
from tests.conformance.notes import Note, NoteTitleExists
from tests.integration.persistence.sample_slice import NoteWork, SqlNoteReader

pytestmark = pytest.mark.usefixtures("notes", "note_constraints")


@pytest.fixture
async def note_id(engine: AsyncEngine, tenant_id: TenantId) -> UUID:
    return await stored_note(engine, tenant_id, "first")


async def stored_note(engine: AsyncEngine, tenant_id: TenantId, title: str) -> UUID:
    note_id = uuid4()
    async with NoteWork(engine, tenant_id) as work:
        work.notes.add(Note.create(id=note_id, tenant_id=tenant_id, title=title))
        await work.commit()
    return note_id


async def titles(engine: AsyncEngine, tenant_id: TenantId) -> list[str]:
    return list(await SqlNoteReader(tenant_reads(engine)).titles(tenant_id))


async def test_an_error_inside_keeps_nothing_and_comes_out_as_it_is(
    engine: AsyncEngine, tenant_id: TenantId, note_id: UUID
) -> None:
    async def fail_after_a_change() -> None:
        async with NoteWork(engine, tenant_id) as work:
            (await work.notes.get(note_id)).retitle("second")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_a_change()
    assert await titles(engine, tenant_id) == ["first"]


async def test_an_unchanged_aggregate_is_not_written(
    engine: AsyncEngine, owner: asyncpg.Connection, tenant_id: TenantId, note_id: UUID
) -> None:
    async with NoteWork(engine, tenant_id) as work:
        await work.notes.get(note_id)
        statements: list[str] = []
        work.on_statement(statements.append)
        await work.commit()
    assert statements == []


async def test_a_violated_constraint_is_the_domain_error_of_its_name(
    engine: AsyncEngine, tenant_id: TenantId, note_id: UUID
) -> None:
    with pytest.raises(NoteTitleExists):
        await stored_note(engine, tenant_id, "FIRST")


async def test_a_violated_constraint_without_a_meaning_stays_what_it_is(
    engine: AsyncEngine, tenant_id: TenantId, note_id: UUID
) -> None:
    async with NoteWork(engine, tenant_id) as work:
        work.notes.add(Note.create(id=note_id, tenant_id=tenant_id, title="same id"))
        with pytest.raises(IntegrityError):
            await work.commit()


async def test_two_tenants_may_use_the_same_name(
    engine: AsyncEngine, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    for tenant in (tenant_id, other_tenant_id):
        await stored_note(engine, tenant, "shared")
    assert await titles(engine, other_tenant_id) == ["shared"]


async def test_events_are_stored_with_the_change_and_only_with_it(
    engine: AsyncEngine, system_pool: asyncpg.Pool, tenant_id: TenantId, note_id: UUID
) -> None:
    for title, commit in (("kept", True), ("dropped", False)):
        async with NoteWork(engine, tenant_id) as work:
            (await work.notes.get(note_id)).retitle(title)
            if commit:
                await work.commit()
    rows = await system_pool.fetch(
        "SELECT name, payload::jsonb->>'title' AS title FROM outbox_events WHERE tenant_id = $1",
        tenant_id,
    )
    assert [tuple(row) for row in rows] == [("note.retitled", "kept")]


async def test_a_commit_after_a_failed_statement_does_not_pretend(
    engine: AsyncEngine, tenant_id: TenantId, note_id: UUID
) -> None:
    async with NoteWork(engine, tenant_id) as work:
        await work.run(text("UPDATE notes SET title = 'second'"))
        with pytest.raises(DBAPIError, match="division by zero"):
            await work.run(text("SELECT 1 / 0"))
        with pytest.raises(TransactionAborted):
            await work.commit()
    assert await titles(engine, tenant_id) == ["first"]


async def test_a_cancelled_request_leaves_no_transaction_on_its_connection(
    engine: AsyncEngine, tenant_id: TenantId, note_id: UUID
) -> None:
    async def stuck() -> None:
        async with NoteWork(engine, tenant_id) as work:
            (await work.notes.get(note_id)).retitle("half")
            await work.run(text("SELECT pg_sleep(30)"))

    for _ in range(8):
        task = asyncio.create_task(stuck())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await stored_note(engine, tenant_id, "second")
    assert await titles(engine, tenant_id) == ["first", "second"]
