"""Single segments in memory, with what was done to their children and their index."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dify_hex.application.knowledge.segment_work import SegmentWork
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.segment import ChildDraft
from dify_hex.domain.knowledge.segment_errors import SegmentNotFound
from dify_hex.domain.knowledge.segment_repository import SegmentRepository
from dify_hex.domain.knowledge.stored_segment import Segment
from dify_hex.domain.shared.ids import SegmentId, TenantId
from tests.fakes.memory_knowledge import MemoryKnowledgeWork
from tests.fakes.memory_segments import KnowledgeShelf, MemorySegmentStore
from tests.fakes.memory_work import MemoryDatabase, MemoryTable


@dataclass(slots=True)
class Handwork:
    """What committed work has come to, besides aggregates."""

    children: dict[SegmentId, list[tuple[SegmentId, str]]] = field(default_factory=dict)
    switched: list[tuple[SegmentId, bool]] = field(default_factory=list)
    removed: list[SegmentId] = field(default_factory=list)


class MemorySegmentRepository(SegmentRepository):
    """Segments in memory."""

    def __init__(self, table: MemoryTable[Segment]) -> None:
        self._table = table

    async def get(self, segment_id: SegmentId) -> Segment:
        found = self._table.find(segment_id)
        if found is None:
            raise SegmentNotFound
        return found

    async def hold(self, segment_id: SegmentId) -> Segment:
        return await self.get(segment_id)

    async def add(self, segment: Segment) -> None:
        self._table.add(segment.id, segment)


class HandStore(MemorySegmentStore):
    """Notes what is done to segments."""

    def __init__(self, shelf: KnowledgeShelf, done: Handwork) -> None:
        super().__init__(shelf)
        self._done = done

    async def mark_indexed(self, segment_ids: Sequence[SegmentId]) -> None:
        """Nothing more than being in the index."""

    async def replace_children(
        self, segment_id: SegmentId, children: Sequence[ChildDraft]
    ) -> Sequence[SegmentId]:
        made = [(SegmentId(new_id()), child.content) for child in children]
        self._done.children[segment_id] = made
        return [child_id for child_id, _ in made]

    async def set_enabled(self, segment_id: SegmentId, enabled: bool) -> None:
        self._done.switched.append((segment_id, enabled))

    async def remove(self, segment_id: SegmentId) -> None:
        self._done.removed.append(segment_id)


class MemorySegmentWork(MemoryKnowledgeWork, SegmentWork):
    """A transaction over Knowledge and its single segments."""

    def __init__(
        self,
        database: MemoryDatabase,
        tenant_id: TenantId,
        kept: list[KnowledgeShelf],
        done: Handwork,
    ) -> None:
        super().__init__(database, tenant_id, kept)
        self._done = done

    @cached_property
    def single_segments(self) -> MemorySegmentRepository:
        return MemorySegmentRepository(self.table(Segment))

    @cached_property
    def segments(self) -> HandStore:
        return HandStore(self._shelf, self._done)
