"""Where single segments are kept for those who change them."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.knowledge.stored_segment import Segment
from dify_hex.domain.shared.ids import SegmentId


class SegmentRepository(Protocol):
    """The segments of a tenant's living documents."""

    @abstractmethod
    async def get(self, segment_id: SegmentId) -> Segment:
        """The segment.

        Raises:
            SegmentNotFound: there is none, or its document was deleted.
        """

    @abstractmethod
    async def hold(self, segment_id: SegmentId) -> Segment:
        """The segment, which nobody else changes, removes or indexes before this work has ended.

        Its document is held for it, as indexing does, and then its Knowledge; so this comes before
        anything else of the work.

        Raises:
            SegmentNotFound: there is none, or its document was deleted.
        """

    @abstractmethod
    async def add(self, segment: Segment) -> None:
        """Keep a new one, which is put into the indexes right after."""
