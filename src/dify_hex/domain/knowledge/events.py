"""What happens to Knowledge and its documents, and others may react to."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeCreated(DomainEvent):
    """A Knowledge was made."""

    name: ClassVar[str] = "knowledge.created"

    knowledge_id: KnowledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeConfigured(DomainEvent):
    """The settings of a Knowledge were changed."""

    name: ClassVar[str] = "knowledge.configured"

    knowledge_id: KnowledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeDeleted(DomainEvent):
    """A Knowledge was deleted; what it held is on its way out."""

    name: ClassVar[str] = "knowledge.deleted"

    knowledge_id: KnowledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAdded(DomainEvent):
    """A document was added to a Knowledge, and waits to be indexed."""

    name: ClassVar[str] = "document.added"

    knowledge_id: KnowledgeId
    document_id: DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIndexed(DomainEvent):
    """All of a document can be found now."""

    name: ClassVar[str] = "document.indexed"

    knowledge_id: KnowledgeId
    document_id: DocumentId
    segments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIndexingFailed(DomainEvent):
    """A document could not be indexed."""

    name: ClassVar[str] = "document.indexing_failed"

    knowledge_id: KnowledgeId
    document_id: DocumentId
    error_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDeleted(DomainEvent):
    """A document was deleted; its segments are on their way out."""

    name: ClassVar[str] = "document.deleted"

    knowledge_id: KnowledgeId
    document_id: DocumentId
