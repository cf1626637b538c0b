"""Documents that several work on at the same moment."""

import asyncio

from sqlalchemy import text

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.knowledge.change_document import ChangeDocument, ChangeDocumentCommand
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.ids import TenantId
from tests.builders.app import actor
from tests.builders.knowledge import NOW, StandingClock
from tests.builders.stored_knowledge import Begin, added, keep, made

#: Of those who wait for each other, whoever they are.
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def someone_waits(work: SqlUnitOfWork) -> None:
    async with asyncio.timeout(60):
        while not await work._scope.session.scalar(_WAITING):
            pass  # each look lets the others go on


async def test_a_name_is_changed_whatever_the_worker_does_at_that_moment(
    begin: Begin, tenant_id: TenantId
) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    await keep(begin, knowledge, document)
    change = ChangeDocument(begin=lambda _: begin(), clock=StandingClock())
    command = ChangeDocumentCommand(document_id=document.id, name="Another name")
    async with begin() as worker:
        held = await worker.documents.hold(document.id)
        assert held.begin(now=NOW)
        changing = asyncio.create_task(change.execute(actor(tenant_id=tenant_id), command))
        await someone_waits(worker)
        await worker.commit()
    await changing
    async with begin() as work:
        state = (await work.documents.get(document.id)).state
    assert (state.name, state.round) == ("Another name", 1)


async def test_what_a_worker_has_is_told_from_what_waits_and_what_is_over(
    begin: Begin, tenant_id: TenantId
) -> None:
    knowledge = made(tenant_id)
    await keep(begin, knowledge)
    async with begin() as work:
        task_id = await work.jobs.enqueue(JobRequest(kind="index_document"), now=NOW)
        await work.commit()
    for status, expected in (("pending", False), ("processing", True), ("success", False)):
        async with begin() as work:
            await work._scope.session.execute(
                text("UPDATE tasks SET status = :status WHERE id = :id"),
                {"status": status, "id": task_id},
            )
            assert await work.jobs.is_under_way(task_id) is expected
