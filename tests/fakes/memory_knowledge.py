"""Knowledge, documents, segments and the jobs they ask for, in memory and in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID, uuid5

from dify_hex.application.knowledge.index_ports import (
    FoundSegment,
    KeywordEntry,
    KeywordIndex,
    KeywordQuery,
    Reconciled,
    SegmentStore,
    UnindexedSegment,
)
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
from dify_hex.domain.knowledge.segment import ChildDraft, SegmentDraft
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TaskId, TenantId
from dify_hex.domain.task.errors import TaskNotFound
from tests.fakes.memory_file import MemoryFileRepository
from tests.fakes.memory_vector_index import MemoryVectorIndex
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork, Unique

_SEGMENTS = UUID(int=77)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSegment:
    """A segment that is searched."""

    id: SegmentId
    document_id: DocumentId
    draft: SegmentDraft
    round: int
    is_indexed: bool = False


@dataclass(slots=True)
class KnowledgeShelf:
    """What was committed besides aggregates."""

    segments: dict[SegmentId, KeptSegment] = field(default_factory=dict)
    vectors: MemoryVectorIndex = field(default_factory=MemoryVectorIndex)
    keywords: dict[SegmentId, KeywordEntry] = field(default_factory=dict)
    jobs: dict[TaskId, JobRequest] = field(default_factory=dict)
    cancelled: list[TaskId] = field(default_factory=list)
    progress: dict[DocumentId, IndexingProgress] = field(default_factory=dict)

    def copy(self) -> "KnowledgeShelf":
        """The same, to be changed apart from this one."""
        vectors = MemoryVectorIndex()
        vectors._entries = {each: dict(kept) for each, kept in self.vectors._entries.items()}
        return KnowledgeShelf(
            segments=dict(self.segments),
            vectors=vectors,
            keywords=dict(self.keywords),
            jobs=dict(self.jobs),
            cancelled=list(self.cancelled),
        )

    def of(self, document_id: DocumentId) -> list[KeptSegment]:
        """The segments of a document, in their order."""
        found = [each for each in self.segments.values() if each.document_id == document_id]
        return sorted(found, key=lambda each: each.draft.position)


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


class MemorySegmentStore(SegmentStore):
    """Segments without children; what is there was brought by its document."""

    def __init__(self, shelf: KnowledgeShelf) -> None:
        self._shelf = shelf

    async def reconcile(
        self, document_id: DocumentId, round: int, drafts: Sequence[SegmentDraft]
    ) -> Reconciled:
        kept = 0
        for draft in drafts:
            name = f"{document_id}{draft.content_hash.hex()}{draft.occurrence}"
            segment_id = SegmentId(uuid5(_SEGMENTS, name))
            known = self._shelf.segments.get(segment_id)
            if known is not None:
                self._shelf.segments[segment_id] = replace(known, round=round, draft=draft)
                kept += 1
                continue
            self._shelf.segments[segment_id] = KeptSegment(
                id=segment_id, document_id=document_id, draft=draft, round=round
            )
        return Reconciled(kept=kept, added=len(drafts) - kept)

    async def drop_older(self, document_id: DocumentId, round: int) -> int:
        older = [each for each in self._shelf.of(document_id) if each.round < round]
        await self._drop(older)
        return len(older)

    async def remove_some(self, document_id: DocumentId, *, limit: int) -> int:
        some = self._shelf.of(document_id)[:limit]
        await self._drop(some)
        return len(some)

    async def unindexed(self, document_id: DocumentId, *, limit: int) -> Sequence[UnindexedSegment]:
        waiting = [each for each in self._shelf.of(document_id) if not each.is_indexed]
        return [
            UnindexedSegment(id=each.id, document_id=document_id, text=each.draft.content)
            for each in waiting[:limit]
        ]

    async def mark_indexed(self, segment_ids: Sequence[SegmentId]) -> None:
        for segment_id in segment_ids:
            known = self._shelf.segments[segment_id]
            self._shelf.segments[segment_id] = replace(known, is_indexed=True)

    async def count(self, document_id: DocumentId) -> tuple[int, int]:
        found = self._shelf.of(document_id)
        return len(found), sum(each.is_indexed for each in found)

    async def unindex_knowledge(self, knowledge_id: KnowledgeId) -> None:
        await self._unmark(list(self._shelf.segments.values()))
        self._shelf.keywords.clear()

    async def _unmark(self, segments: Sequence[KeptSegment]) -> None:
        for each in segments:
            self._shelf.segments[each.id] = replace(each, is_indexed=False)

    async def next_position(self, document_id: DocumentId) -> int:
        return len(self._shelf.of(document_id)) + 1

    async def replace_children(
        self, segment_id: SegmentId, children: Sequence[ChildDraft]
    ) -> Sequence[SegmentId]:
        raise NotImplementedError

    async def set_enabled(self, segment_id: SegmentId, enabled: bool) -> None:
        raise NotImplementedError

    async def remove(self, segment_id: SegmentId) -> None:
        await self._drop([self._shelf.segments[segment_id]])

    async def _drop(self, segments: Sequence[KeptSegment]) -> None:
        for each in segments:
            del self._shelf.segments[each.id]
            self._shelf.keywords.pop(each.id, None)


class MemoryKeywordIndex(KeywordIndex):
    """Which terms there are; nothing is searched."""

    def __init__(self, shelf: KnowledgeShelf) -> None:
        self._shelf = shelf

    async def put(self, knowledge_id: KnowledgeId, entries: Sequence[KeywordEntry]) -> None:
        self._shelf.keywords.update({entry.segment_id: entry for entry in entries})

    async def set_enabled(
        self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId], enabled: bool
    ) -> None:
        raise NotImplementedError

    async def remove(self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId]) -> None:
        for segment_id in segment_ids:
            self._shelf.keywords.pop(segment_id, None)

    async def remove_document(self, knowledge_id: KnowledgeId, document_id: DocumentId) -> None:
        for entry in list(self._shelf.keywords.values()):
            if entry.document_id == document_id:
                del self._shelf.keywords[entry.segment_id]

    async def remove_knowledge(self, knowledge_id: KnowledgeId) -> None:
        self._shelf.keywords.clear()

    async def search(self, query: KeywordQuery) -> Sequence[FoundSegment]:
        raise NotImplementedError


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
