"""How segments are looked at by those who own them."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildView:
    """A child of a segment: what is searched in its place."""

    id: SegmentId
    position: int
    content: str
    tokens: int
    hit_count: int
    is_indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentView:
    """A segment; `is_added` says that somebody wrote it by hand, `is_edited` that it was changed.

    Position and pages count from 1. It is indexed when all of its children are, if it has any.
    """

    id: SegmentId
    knowledge_id: KnowledgeId
    document_id: DocumentId
    parent_id: SegmentId | None
    position: int
    content: str
    tokens: int
    first_page: int | None
    last_page: int | None
    headings: tuple[str, ...]
    is_enabled: bool
    is_edited: bool
    is_added: bool
    is_indexed: bool
    hit_count: int
    version: int
    created_at: datetime
    updated_at: datetime
    children: Sequence[ChildView] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFilter:
    """Which segments to list; `q` is a part of the content, in either case."""

    is_enabled: bool | None = None
    q: str | None = None


class SegmentsReader(Protocol):
    """Looks at segments without loading them."""

    @abstractmethod
    async def list_segments(
        self,
        tenant_id: TenantId,
        document_id: DocumentId,
        page: PageRequest,
        wanted: SegmentFilter,
    ) -> Page[SegmentView]:
        """The segments of a document with their children; sorts by `position`.

        Raises:
            DocumentNotFound: there is no such document, or it was deleted.
        """

    @abstractmethod
    async def get_segment(self, tenant_id: TenantId, segment_id: SegmentId) -> SegmentView:
        """One segment with its children; a child by itself.

        Raises:
            SegmentNotFound: there is none, or its document was deleted.
        """
