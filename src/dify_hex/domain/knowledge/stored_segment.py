"""The segment as its owners change it, one at a time; indexing writes them in batches."""

from dataclasses import dataclass, replace
from datetime import datetime

from dify_hex.domain.knowledge.segment_errors import SegmentContentInvalid, SegmentHasParent
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId
from dify_hex.domain.shared.visible_text import shows_something

MAX_CONTENT_LENGTH = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentState:
    """Everything that owners see or change of a segment.

    `source_hash` is the hash of what was read, or was added; editing leaves it as it is, so that
    reading the document again finds the segment again.
    """

    position: int
    content: str
    source_hash: bytes
    tokens: int
    headings: tuple[str, ...] = ()
    parent_id: SegmentId | None = None
    has_children: bool = False
    is_enabled: bool = True
    is_edited: bool = False
    created_at: datetime
    updated_at: datetime


class Segment(Aggregate):
    """A segment of a document; a child is changed through its parent only.

    A segment that was added by hand stays when its document is read again, and one that was edited
    keeps its new content as long as the document still has the old one.
    """

    def __init__(
        self,
        *,
        id: SegmentId,
        tenant_id: TenantId,
        knowledge_id: KnowledgeId,
        document_id: DocumentId,
        state: SegmentState,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.knowledge_id = knowledge_id
        self.document_id = document_id
        self._state = state

    @classmethod
    def add(
        cls,
        *,
        id: SegmentId,
        tenant_id: TenantId,
        knowledge_id: KnowledgeId,
        document_id: DocumentId,
        position: int,
        content: str,
        source_hash: bytes,
        tokens: int,
        now: datetime,
    ) -> "Segment":
        """A segment that somebody writes instead of a document's author.

        Raises:
            SegmentContentInvalid: there is no text in it, or too much.
        """
        segment = cls(
            id=id,
            tenant_id=tenant_id,
            knowledge_id=knowledge_id,
            document_id=document_id,
            version=0,
            state=SegmentState(
                position=position,
                content=checked_content(content),
                source_hash=source_hash,
                tokens=tokens,
                created_at=now,
                updated_at=now,
            ),
        )
        segment._changed()
        return segment

    @property
    def state(self) -> SegmentState:
        """Everything the segment remembers; a value, so looking changes nothing."""
        return self._state

    def edit(self, content: str, *, tokens: int, now: datetime) -> None:
        """Give it another content; its children, if it has any, are cut anew by the caller.

        Raises:
            SegmentContentInvalid: there is no text in it, or too much.
            SegmentHasParent: it is a child.
        """
        self.require_whole()
        content = checked_content(content)
        if content != self._state.content:
            edited = replace(self._state, content=content, tokens=tokens, is_edited=True)
            self._become(edited, now=now)

    def set_enabled(self, wanted: bool, *, now: datetime) -> bool:
        """Whether searches may find it; twice is once. Says whether that changed.

        Raises:
            SegmentHasParent: it is a child.
        """
        self.require_whole()
        if wanted is self._state.is_enabled:
            return False
        self._become(replace(self._state, is_enabled=wanted), now=now)
        return True

    def require_whole(self) -> None:
        """Refuse to go on with a child.

        Raises:
            SegmentHasParent: it is one.
        """
        if self._state.parent_id is not None:
            raise SegmentHasParent(parent_id=str(self._state.parent_id))

    def _become(self, state: SegmentState, *, now: datetime) -> None:
        self._state = replace(state, updated_at=now)
        self._changed()


def checked_content(content: str) -> str:
    """The content without white space around it.

    Raises:
        SegmentContentInvalid: there is no text in it, or too much.
    """
    content = content.strip()
    if len(content) > MAX_CONTENT_LENGTH or not shows_something(content):
        raise SegmentContentInvalid(most=MAX_CONTENT_LENGTH)
    return content
