"""The transaction that Knowledge is changed in: its documents, segments and indexes all at once."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.application.file.ports import FileWork
from dify_hex.application.knowledge.index_ports import KeywordIndex, SegmentStore, VectorIndex
from dify_hex.application.shared.jobs import JobWork
from dify_hex.domain.knowledge.repository import DocumentRepository, KnowledgeRepository


class KnowledgeWork(FileWork, JobWork, Protocol):
    """A transaction over Knowledge, and the jobs that it asks for."""

    @property
    @abstractmethod
    def knowledge(self) -> KnowledgeRepository:
        """The tenant's Knowledge."""

    @property
    @abstractmethod
    def documents(self) -> DocumentRepository:
        """Its documents."""

    @property
    @abstractmethod
    def segments(self) -> SegmentStore:
        """Their segments."""

    @property
    @abstractmethod
    def vectors(self) -> VectorIndex:
        """Where segments are found by meaning."""

    @property
    @abstractmethod
    def keywords(self) -> KeywordIndex:
        """Where segments are found by words."""
