"""Documents that several work on at the same moment."""

import asyncio

from sqlalchemy import text

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.file.file_intake import FileIntake
from dify_hex.application.knowledge.add_document import AddDocument, AddDocumentCommand, GivenText
from dify_hex.application.knowledge.change_document import ChangeDocument, ChangeDocumentCommand
from dify_hex.application.knowledge.document_intake import DocumentIntake
from dify_hex.application.knowledge.limits import KnowledgeLimits
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.file.limits import FileLimits
from dify_hex.domain.knowledge.errors import DocumentsFull
from dify_hex.domain.shared.ids import TenantId
from tests.builders.app import actor
from tests.builders.knowledge import NOW, StandingClock
from tests.builders.stored_knowledge import Begin, added, keep, made
from tests.fakes.memory_storage import MemoryFileStorage

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
        for status, expected in (("pending", False), ("processing", True), ("success", False)):
            await work._scope.session.execute(
                text("UPDATE tasks SET status = :status WHERE id = :id"),
                {"status": status, "id": task_id},
            )
            assert await work.jobs.is_under_way(task_id) is expected


async def test_the_limit_of_a_knowledge_holds_for_those_who_add_at_once(
    begin: Begin, tenant_id: TenantId
) -> None:
    knowledge = made(tenant_id)
    await keep(begin, knowledge, added(knowledge))
    files = FileIntake(
        begin=lambda _: begin(),
        clock=StandingClock(),
        storage=MemoryFileStorage(),
        limits=FileLimits(),
    )
    intake = DocumentIntake(
        begin=lambda _: begin(),
        clock=StandingClock(),
        files=files,
        limits=KnowledgeLimits(max_documents=3),
    )
    adding = AddDocument(
        begin=lambda _: begin(), files=files, documents=intake, clock=StandingClock()
    )
    editor = actor(tenant_id=tenant_id)
    outcomes = await asyncio.gather(
        *(
            adding.execute(
                editor,
                AddDocumentCommand(
                    knowledge_id=knowledge.id,
                    source=GivenText(name="Notes", text=f"Note {number}."),
                ),
            )
            for number in range(6)
        ),
        return_exceptions=True,
    )
    refused = [each for each in outcomes if isinstance(each, BaseException)]
    assert [type(each) for each in refused] == [DocumentsFull] * 4
    async with begin() as work:
        assert await work.documents.count(knowledge.id) == 3
        statuses = await work._scope.session.scalars(
            text("SELECT status FROM files WHERE tenant_id = :tenant_id"), {"tenant_id": tenant_id}
        )
        # Of those that were refused nothing is left.
        assert [*statuses] == ["available"] * 2
        # Nobody is to do the jobs of a test: the files are nowhere but in memory.
        await work._scope.session.execute(
            text("DELETE FROM tasks WHERE tenant_id = :tenant_id"), {"tenant_id": tenant_id}
        )
        await work.commit()


async def test_whoever_adds_waits_for_who_adds_and_not_for_who_indexes(
    begin: Begin, tenant_id: TenantId
) -> None:
    knowledge = made(tenant_id)
    await keep(begin, knowledge)

    async def count() -> int:
        async with begin() as work:
            await work.knowledge.hold_to_add(knowledge.id)
            return await work.documents.count(knowledge.id)

    async with begin() as indexing, begin() as first:
        await indexing.knowledge.hold(knowledge.id)
        await first.knowledge.hold_to_add(knowledge.id)
        first.documents.add(added(knowledge))
        second = asyncio.create_task(count())
        await someone_waits(indexing)
        await first.commit()
        assert await second == 1
