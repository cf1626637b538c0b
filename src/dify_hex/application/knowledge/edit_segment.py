"""Giving a segment another content."""

from dataclasses import dataclass

from dify_hex.application.knowledge.segment_indexing import SegmentIndexing
from dify_hex.application.knowledge.segment_work import SegmentWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.segment import ChildDraft
from dify_hex.domain.knowledge.segmentation.digests import content_hash
from dify_hex.domain.knowledge.segmentation.segmenter import Segmenter
from dify_hex.domain.knowledge.segmentation.unit import Measure
from dify_hex.domain.knowledge.settings import SegmentationMode, SegmentationSettings
from dify_hex.domain.knowledge.stored_segment import Segment, checked_content
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import SegmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSegmentCommand:
    """Which segment says what from now on."""

    segment_id: SegmentId
    content: str
    expected_version: int | None = None


class EditSegment:
    """Replaces the content of a segment, and what it is found by.

    - What is stored and what is found change together; when the new content cannot be embedded,
      nothing changes.
    - The children of a segment are cut anew out of its content.
    - Reading the document again keeps it as long as the document says there what it said before.
    - Whoever edits the same segment at the same time, or reads its document anew so that it gets
      children or loses them, comes first or not at all.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[SegmentWork],
        clock: Clock,
        indexing: SegmentIndexing,
        measure: Measure,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._indexing = indexing
        self._measure = measure

    async def execute(self, actor: Actor, command: EditSegmentCommand) -> None:
        """Edit it.

        Raises:
            SegmentNotFound: there is none.
            SegmentHasParent: it is a child of another segment.
            SegmentContentInvalid: there is no text in it, or too much.
            StaleVersion: the segment is not as the caller has seen it, or was changed meanwhile.
            DomainError: those of a model call.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        async with self._begin(actor.tenant_id) as work:
            seen = await work.single_segments.get(command.segment_id)
            knowledge = await work.knowledge.get(seen.knowledge_id)
        seen.expect_version(command.expected_version)
        seen.require_whole()
        content = checked_content(command.content)
        if content == seen.state.content:
            return
        settings = knowledge.state.settings
        children = self._children(content, settings.segmentation) if seen.state.has_children else ()
        prepared = await self._indexing.prepare(
            actor.tenant_id,
            settings.embedding,
            [child.content for child in children] or [content],
            seen.state.headings,
        )
        async with self._begin(actor.tenant_id) as work:
            segment = await work.single_segments.hold(command.segment_id)
            segment.expect_version(seen.version)
            _require_same_place(segment, seen)
            segment.edit(content, tokens=self._measure(content), now=self._clock.now())
            indexed = [segment.id]
            if children:
                indexed = [*await work.segments.replace_children(segment.id, children)]
            await self._indexing.store(
                work, segment.knowledge_id, segment.document_id, indexed, prepared
            )
            await work.commit()

    def _children(self, content: str, settings: SegmentationSettings) -> tuple[ChildDraft, ...]:
        if settings.mode is not SegmentationMode.PARENT_CHILD:
            # Until the document is cut anew, one child says all of it.
            digest = content_hash(content, ())
            return (
                ChildDraft(content=content, content_hash=digest, tokens=self._measure(content)),
            )
        segmenter = Segmenter(settings, self._measure)
        block = Block(kind=BlockKind.PARAGRAPH, text=content)
        drafts = [*segmenter.feed([block]), *segmenter.finish()]
        return tuple(child for draft in drafts for child in draft.children)


def _require_same_place(segment: Segment, seen: Segment) -> None:
    """Indexing changes these without a new version, and what was embedded depends on both."""
    now, then = segment.state, seen.state
    if (now.has_children, now.headings) != (then.has_children, then.headings):
        raise StaleVersion
