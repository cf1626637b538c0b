"""Letting searches find a segment, or not."""

from dataclasses import dataclass

from dify_hex.application.knowledge.segment_work import SegmentWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import SegmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSegmentCommand:
    """Which segment is to be found or not."""

    segment_id: SegmentId
    enabled: bool
    expected_version: int | None = None


class SwitchSegment:
    """Enables or disables a segment, with its children.

    - It stays indexed, and is found again as soon as it is enabled.
    - Twice is once.
    """

    def __init__(self, *, begin: BeginWork[SegmentWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: SwitchSegmentCommand) -> None:
        """Enable or disable it.

        Raises:
            SegmentNotFound: there is none.
            SegmentHasParent: it is a child of another segment.
            StaleVersion: it is not as the caller has seen it.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        async with self._begin(actor.tenant_id) as work:
            segment = await work.single_segments.hold(command.segment_id)
            segment.expect_version(command.expected_version)
            if segment.set_enabled(command.enabled, now=self._clock.now()):
                await work.segments.set_enabled(segment.id, command.enabled)
                await work.commit()
