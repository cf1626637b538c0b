"""Deleting a segment."""

from dataclasses import dataclass

from dify_hex.application.knowledge.segment_work import SegmentWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import SegmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSegmentCommand:
    """Which segment is to go."""

    segment_id: SegmentId
    expected_version: int | None = None


class DeleteSegment:
    """Deletes a segment with its children, and takes them out of the indexes.

    - Reading the document again brings it back, if it is still in there; to be rid of it for good,
      disable it.
    """

    def __init__(self, *, begin: BeginWork[SegmentWork]) -> None:
        self._begin = begin

    async def execute(self, actor: Actor, command: DeleteSegmentCommand) -> None:
        """Delete it.

        Raises:
            SegmentNotFound: there is none.
            SegmentHasParent: it is a child of another segment.
            StaleVersion: it is not as the caller has seen it.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        async with self._begin(actor.tenant_id) as work:
            segment = await work.single_segments.hold(command.segment_id)
            segment.expect_version(command.expected_version)
            segment.require_whole()
            await work.segments.remove(segment.id)
            await work.commit()
