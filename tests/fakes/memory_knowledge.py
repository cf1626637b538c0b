"""Knowledge, documents, segments and the jobs they ask for, in memory and in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobRequest, Jobs
from dify_hex.domain.file.file import File
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.errors import (
    DocumentExists,
    DocumentNotFound,
    KnowledgeNameTaken,
    KnowledgeNotFound,
)
from dify_hex.domain.knowledge.indexing import DocumentStatus, IndexingProgress
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.repository import DocumentRepository, KnowledgeRepository
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TaskId, TenantId
from dify_hex.domain.task.errors import TaskNotFound
from tests.fakes.memory_file import MemoryFileRepository
from tests.fakes.memory_segments import KnowledgeShelf, MemoryKeywordIndex, MemorySegmentStore
from tests.fakes.memory_vector_index import MemoryVectorIndex
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork, Unique


class MemoryKnowledgeRepository(KnowledgeRepository):
    """The Knowledge of one unit of work."""

    def __init__(self, table: MemoryTable[Knowledge]) -> None:
        self._table = table

    async def get(self, knowledge_id: KnowledgeId) -> Knowledge:
        found = self._table.find(knowledge_id)
        if found is None or found.state.deleted_at is not None:
            raise KnowledgeNotFound
        return found

    async def hold(self, knowledge_id: KnowledgeId) -> Knowledge:
        return await self.get(knowledge_id)

    async def hold_to_add(self, knowledge_id: KnowledgeId) -> Knowledge:
        return await self.get(knowledge_id)

    async def claim(self, knowledge_id: KnowledgeId) -> Knowledge:
        return await self.get(knowledge_id)

    async def find_deleted(self, knowledge_id: KnowledgeId) -> Knowledge | None:
        found = self._table.find(knowledge_id)
        return found if found is not None and found.state.deleted_at is not None else None

    def add(self, knowledge: Knowledge) -> None:
        self._table.add(knowledge.id, knowledge)

    async def remove(self, knowledge: Knowledge) -> None:
        self._table.remove(knowledge.id)


class MemoryDocumentRepository(DocumentRepository):
    """The documents of one unit of work."""

    def __init__(self, table: MemoryTable[Document], shelf: KnowledgeShelf) -> None:
        self._table = table
        self._shelf = shelf

    async def get(self, document_id: DocumentId) -> Document:
        found = self._table.find(document_id)
        if found is None or found.state.deleted_at is not None:
            raise DocumentNotFound
        return found

    async def hold(self, document_id: DocumentId) -> Document:
        return await self.get(document_id)

    async def find_content(self, knowledge_id: KnowledgeId, sha256: str) -> DocumentId | None:
        for document in self._living(knowledge_id):
            if document.state.content.sha256 == sha256 and not document.state.is_duplicate:
                return document.id
        return None

    async def count(self, knowledge_id: KnowledgeId) -> int:
        return len(self._living(knowledge_id))

    async def after(
        self, knowledge_id: KnowledgeId, document_id: DocumentId | None, *, limit: int
    ) -> Sequence[Document]:
        found = sorted(self._living(knowledge_id), key=lambda document: document.id)
        later = [each for each in found if document_id is None or each.id > document_id]
        return later[:limit]

    async def report(self, document_id: DocumentId, round: int, progress: IndexingProgress) -> bool:
        found = self._table.find(document_id)
        wanted = (
            found is not None
            and found.state.deleted_at is None
            and found.state.round == round
            and found.state.status is DocumentStatus.PROCESSING
        )
        if wanted:
            self._shelf.progress[document_id] = progress
        return wanted

    async def find_by_task(self, task_id: TaskId) -> Document | None:
        return self._table.first(
            lambda each: each.state.task_id == task_id and each.state.deleted_at is None
        )

    async def find_deleted(self, document_id: DocumentId) -> Document | None:
        found = self._table.find(document_id)
        return found if found is not None and found.state.deleted_at is not None else None

    async def some_of(self, knowledge_id: KnowledgeId, *, limit: int) -> Sequence[Document]:
        return [each for each in self._table.all() if each.knowledge_id == knowledge_id][:limit]

    def add(self, document: Document) -> None:
        self._table.add(document.id, document)

    async def remove(self, document: Document) -> None:
        self._table.remove(document.id)

    def _living(self, knowledge_id: KnowledgeId) -> list[Document]:
        return [
            each
            for each in self._table.all()
            if each.knowledge_id == knowledge_id and each.state.deleted_at is None
        ]


class MemoryJobs(Jobs):
    """Remembers what was asked for; tells nobody."""

    def __init__(self, shelf: KnowledgeShelf) -> None:
        self._shelf = shelf

    async def enqueue(self, request: JobRequest, *, now: datetime) -> TaskId:
        task_id = TaskId(new_id())
        self._shelf.jobs[task_id] = request
        return task_id

    async def cancel(self, task_id: TaskId, *, now: datetime) -> None:
        if task_id not in self._shelf.jobs:
            raise TaskNotFound
        self._shelf.cancelled.append(task_id)

    async def is_wanted(self, task_id: TaskId) -> bool:
        return task_id in self._shelf.jobs and task_id not in self._shelf.cancelled

    async def is_under_way(self, task_id: TaskId) -> bool:
        return task_id in self._shelf.under_way


class MemoryKnowledgeWork(MemoryWork, KnowledgeWork):
    """One transaction over all of it: the shelf is a copy until the commit."""

    def __init__(
        self, database: MemoryDatabase, tenant_id: TenantId, kept: list[KnowledgeShelf]
    ) -> None:
        super().__init__(database, tenant_id)
        self._kept = kept

    @cached_property
    def _shelf(self) -> KnowledgeShelf:
        return self._kept[0].copy()

    @cached_property
    def knowledge(self) -> MemoryKnowledgeRepository:
        unique = Unique(_living_name, KnowledgeNameTaken)
        return MemoryKnowledgeRepository(self.table(Knowledge, unique=[unique]))

    @cached_property
    def documents(self) -> MemoryDocumentRepository:
        unique = Unique(_only_content, DocumentExists)
        return MemoryDocumentRepository(self.table(Document, unique=[unique]), self._shelf)

    @cached_property
    def files(self) -> MemoryFileRepository:

        return MemoryFileRepository(self.table(File))

    @cached_property
    def segments(self) -> MemorySegmentStore:
        return MemorySegmentStore(self._shelf)

    @cached_property
    def vectors(self) -> MemoryVectorIndex:
        return self._shelf.vectors

    @cached_property
    def keywords(self) -> MemoryKeywordIndex:
        return MemoryKeywordIndex(self._shelf)

    @cached_property
    def jobs(self) -> MemoryJobs:
        return MemoryJobs(self._shelf)

    async def commit(self) -> None:
        await super().commit()
        reported, self._shelf.progress = self._shelf.progress, {}
        rows = self._database.tables.setdefault(Document, {})
        for document_id, progress in reported.items():
            row = rows[self.tenant_id, document_id]
            assert isinstance(row, Document)
            row._state = replace(row.state, progress=progress)
        self._kept[0] = self._shelf.copy()


def _living_name(knowledge: Knowledge) -> str | None:
    return None if knowledge.state.deleted_at else knowledge.state.name.casefold()


def _only_content(document: Document) -> tuple[KnowledgeId, str] | None:
    state = document.state
    if state.deleted_at or state.is_duplicate:
        return None
    return document.knowledge_id, state.content.sha256
