"""Where Knowledge and its documents are kept."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.indexing import IndexingProgress
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TaskId


class KnowledgeRepository(Protocol):
    """The Knowledge of one tenant; a deleted one is only there for `find_deleted`."""

    @abstractmethod
    async def get(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The Knowledge.

        Raises:
            KnowledgeNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def hold(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The Knowledge, which nobody changes or deletes before this work has ended.

        Several can hold it at the same time, to read and not to change.

        Raises:
            KnowledgeNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def hold_to_add(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The same for whoever adds a document: only one at a time, so that counting them counts.

        Raises:
            KnowledgeNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def claim(self, knowledge_id: KnowledgeId) -> Knowledge:
        """The Knowledge, which nobody else holds or changes before this work has ended.

        Raises:
            KnowledgeNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def find_deleted(self, knowledge_id: KnowledgeId) -> Knowledge | None:
        """One that was deleted, as long as something of it is left."""

    @abstractmethod
    def add(self, knowledge: Knowledge) -> None:
        """Keep a new one; a name that is taken comes out when the work commits."""

    @abstractmethod
    async def remove(self, knowledge: Knowledge) -> None:
        """Forget a deleted one of which nothing is left."""


class DocumentRepository(Protocol):
    """The documents of one tenant; deleted ones are only there for those who remove them."""

    @abstractmethod
    async def get(self, document_id: DocumentId) -> Document:
        """The document.

        Raises:
            DocumentNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def hold(self, document_id: DocumentId) -> Document:
        """The document, which nobody else changes before this work has ended.

        Raises:
            DocumentNotFound: there is none, or it was deleted.
        """

    @abstractmethod
    async def find_content(self, knowledge_id: KnowledgeId, sha256: str) -> DocumentId | None:
        """The document of the Knowledge that holds just this, duplicates aside."""

    @abstractmethod
    async def count(self, knowledge_id: KnowledgeId) -> int:
        """How many documents the Knowledge has."""

    @abstractmethod
    async def after(
        self, knowledge_id: KnowledgeId, document_id: DocumentId | None, *, limit: int
    ) -> Sequence[Document]:
        """Documents by id, those after the given one, whatever their status; held as by `hold`."""

    @abstractmethod
    async def report(self, document_id: DocumentId, round: int, progress: IndexingProgress) -> bool:
        """Note how far the worker of a round has come; whether it is still wanted.

        It is not when the document was paused, cancelled, deleted or taken on by another worker.
        The document is held from here on to the end of the work, but its version stays: progress
        must not get into the way of those who change it.
        """

    @abstractmethod
    async def find_by_task(self, task_id: TaskId) -> Document | None:
        """The document that this job is the last one of; held as by `hold`."""

    @abstractmethod
    async def find_deleted(self, document_id: DocumentId) -> Document | None:
        """One that was deleted, as long as something of it is left; held as by `hold`."""

    @abstractmethod
    async def some_of(self, knowledge_id: KnowledgeId, *, limit: int) -> Sequence[Document]:
        """Any documents of the Knowledge, deleted ones included; held as by `hold`."""

    @abstractmethod
    def add(self, document: Document) -> None:
        """Keep a new one; content that is there already comes out when the work commits."""

    @abstractmethod
    async def remove(self, document: Document) -> None:
        """Forget a deleted one of which nothing is left."""
