"""What is shown of Knowledge and its documents: frozen, and ready for the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from dify_hex.domain.knowledge.document import Document, DocumentContent
from dify_hex.domain.knowledge.indexing import (
    DocumentStatus,
    IndexingFailure,
    IndexingProgress,
)
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.metadata import Metadata, MetadataField
from dify_hex.domain.knowledge.settings import KnowledgeSettings
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TaskId
from dify_hex.domain.shared.values.model_config import ModelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeView:
    """A Knowledge; `segments` are those of all its documents that can be found."""

    id: KnowledgeId
    name: str
    description: str
    settings: KnowledgeSettings
    next_embedding: ModelConfig | None
    metadata_fields: Sequence[MetadataField]
    documents: int
    segments: int
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime

    @classmethod
    def of(cls, knowledge: Knowledge, *, documents: int = 0, segments: int = 0) -> Self:
        """The view of a Knowledge that was just changed."""
        state = knowledge.state
        return cls(
            id=knowledge.id,
            name=state.name,
            description=state.description,
            settings=state.settings,
            next_embedding=state.next_embedding,
            metadata_fields=state.metadata_fields,
            documents=documents,
            segments=segments,
            version=knowledge.version,
            created_at=state.created_at,
            created_by=state.created_by,
            updated_at=state.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document; `hits` says how often its segments were found."""

    id: DocumentId
    knowledge_id: KnowledgeId
    name: str
    content: DocumentContent
    status: DocumentStatus
    progress: IndexingProgress
    failure: IndexingFailure | None
    is_enabled: bool
    metadata: Metadata
    task_id: TaskId | None
    hits: int
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    indexed_at: datetime | None

    @classmethod
    def of(cls, document: Document, *, hits: int = 0) -> Self:
        """The view of a document that was just changed."""
        state = document.state
        return cls(
            id=document.id,
            knowledge_id=document.knowledge_id,
            name=state.name,
            content=state.content,
            status=state.status,
            progress=state.progress,
            failure=state.failure,
            is_enabled=state.is_enabled,
            metadata=state.metadata,
            task_id=state.task_id,
            hits=hits,
            version=document.version,
            created_at=state.created_at,
            created_by=state.created_by,
            updated_at=state.updated_at,
            indexed_at=state.indexed_at,
        )


@dataclass(frozen=True, slots=True)
class RefusedDocument:
    """One of several documents that could not be added, and why."""

    name: str
    error: DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedDocuments:
    """What has become of the documents that were brought together."""

    added: Sequence[DocumentView] = field(default_factory=tuple)
    refused: Sequence[RefusedDocument] = field(default_factory=tuple)
