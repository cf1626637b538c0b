"""Segments, the words they are found by, and what else is kept beside documents, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
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
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.knowledge.indexing import IndexingProgress
from dify_hex.domain.knowledge.segment import ChildDraft, SegmentDraft
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TaskId
from tests.fakes.memory_vector_index import MemoryVectorIndex

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
    #: Those that a worker has at the moment.
    under_way: set[TaskId] = field(default_factory=set)
    progress: dict[DocumentId, IndexingProgress] = field(default_factory=dict)

    def copy(self) -> "KnowledgeShelf":
        """The same, to be changed apart from this one."""
        vectors = MemoryVectorIndex()
        vectors.is_unavailable = self.vectors.is_unavailable
        vectors._entries = {each: dict(kept) for each, kept in self.vectors._entries.items()}
        return KnowledgeShelf(
            segments=dict(self.segments),
            vectors=vectors,
            keywords=dict(self.keywords),
            jobs=dict(self.jobs),
            cancelled=list(self.cancelled),
            under_way=set(self.under_way),
        )

    def of(self, document_id: DocumentId) -> list[KeptSegment]:
        """The segments of a document, in their order."""
        found = [each for each in self.segments.values() if each.document_id == document_id]
        return sorted(found, key=lambda each: each.draft.position)


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

    async def still_unindexed(self, segments: Sequence[UnindexedSegment]) -> Collection[SegmentId]:
        known = {each.id: self._shelf.segments.get(each.id) for each in segments}
        return {
            each.id
            for each in segments
            if (now := known[each.id]) is not None
            and not now.is_indexed
            and now.draft.content == each.text
        }

    async def mark_indexed(self, segment_ids: Sequence[SegmentId]) -> None:
        for segment_id in segment_ids:
            known = self._shelf.segments[segment_id]
            self._shelf.segments[segment_id] = replace(known, is_indexed=True)

    async def count(self, document_id: DocumentId) -> tuple[int, int]:
        found = self._shelf.of(document_id)
        return len(found), sum(each.is_indexed for each in found)

    async def findable(self, document_ids: Collection[DocumentId]) -> Collection[DocumentId]:
        return {each.document_id for each in self._shelf.keywords.values()} & {*document_ids}

    async def unindex_knowledge(self, knowledge_id: KnowledgeId) -> None:
        await self._unmark(list(self._shelf.segments.values()))

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
