"""The transaction that single segments are changed in."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.domain.knowledge.segment_repository import SegmentRepository


class SegmentWork(KnowledgeWork, Protocol):
    """A transaction over Knowledge in which single segments can be loaded and changed."""

    @property
    @abstractmethod
    def single_segments(self) -> SegmentRepository:
        """The tenant's segments, one at a time."""
