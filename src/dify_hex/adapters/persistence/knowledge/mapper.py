"""Knowledge and its documents to rows and back."""

from typing import Any

from pydantic import TypeAdapter

from dify_hex.adapters.persistence.knowledge.rows import DocumentRow, KnowledgeRow
from dify_hex.domain.knowledge.document import (
    Document,
    DocumentContent,
    DocumentOrigin,
    DocumentState,
)
from dify_hex.domain.knowledge.indexing import (
    DocumentStatus,
    IndexingFailure,
    IndexingProgress,
    IndexingStage,
)
from dify_hex.domain.knowledge.knowledge import Knowledge, KnowledgeState
from dify_hex.domain.knowledge.metadata import Metadata, MetadataField
from dify_hex.domain.knowledge.settings import KnowledgeSettings
from dify_hex.domain.shared.ids import DocumentId, FileId, KnowledgeId, TaskId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig

_SETTINGS = TypeAdapter(KnowledgeSettings)
_MODEL = TypeAdapter(ModelConfig | None)
_FIELDS = TypeAdapter(tuple[MetadataField, ...])
_METADATA: TypeAdapter[dict[str, str | float]] = TypeAdapter(dict[str, str | float])


def settings_to_domain(tree: object) -> KnowledgeSettings:
    """The settings that are stored as a JSON tree."""
    return _SETTINGS.validate_python(tree)


def model_to_domain(tree: object) -> ModelConfig | None:
    """The model that is stored as a JSON tree, if there is one."""
    return _MODEL.validate_python(tree)


def fields_to_domain(tree: object) -> tuple[MetadataField, ...]:
    """The declared fields that are stored as a JSON tree."""
    return _FIELDS.validate_python(tree)


def metadata_to_domain(tree: object) -> Metadata:
    """The metadata of a document that are stored as a JSON tree."""
    return _METADATA.validate_python(tree)


def knowledge_to_domain(row: KnowledgeRow) -> Knowledge:
    """The Knowledge of a row."""
    return Knowledge(
        id=KnowledgeId(row.id),
        tenant_id=TenantId(row.tenant_id),
        version=row.version,
        state=KnowledgeState(
            name=row.name,
            description=row.description,
            settings=settings_to_domain(row.settings),
            next_embedding=model_to_domain(row.next_embedding),
            metadata_fields=fields_to_domain(row.metadata_fields),
            created_at=row.created_at,
            created_by=row.created_by,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
            deleted_at=row.deleted_at,
        ),
    )


def write_knowledge(knowledge: Knowledge, row: KnowledgeRow) -> None:
    """Copy the Knowledge to its row."""
    state = knowledge.state
    row.id = knowledge.id
    row.tenant_id = knowledge.tenant_id
    row.version = knowledge.version
    row.name = state.name
    row.name_folded = state.name.casefold()
    row.description = state.description
    row.settings = _SETTINGS.dump_python(state.settings, mode="json")
    row.next_embedding = _MODEL.dump_python(state.next_embedding, mode="json")
    row.metadata_fields = _FIELDS.dump_python(state.metadata_fields, mode="json")
    row.created_at = state.created_at
    row.created_by = state.created_by
    row.updated_at = state.updated_at
    row.updated_by = state.updated_by
    row.deleted_at = state.deleted_at


def document_to_domain(row: DocumentRow) -> Document:
    """The document of a row."""
    return Document(
        id=DocumentId(row.id),
        tenant_id=TenantId(row.tenant_id),
        knowledge_id=KnowledgeId(row.knowledge_id),
        version=row.version,
        state=DocumentState(
            name=row.name,
            content=content_of(row),
            is_duplicate=row.is_duplicate,
            status=DocumentStatus(row.status),
            progress=progress_of(row),
            round=row.round,
            task_id=None if row.task_id is None else TaskId(row.task_id),
            failure=failure_of(row),
            is_enabled=row.is_enabled,
            metadata=metadata_to_domain(row.facts),
            created_at=row.created_at,
            created_by=row.created_by,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
            indexed_at=row.indexed_at,
            deleted_at=row.deleted_at,
        ),
    )


def write_document(document: Document, row: DocumentRow) -> None:
    """Copy the document to its row; what has not changed is not written over."""
    state = document.state
    row.id = document.id
    row.tenant_id = document.tenant_id
    row.knowledge_id = document.knowledge_id
    row.version = document.version
    row.name = state.name
    row.name_folded = state.name.casefold()
    row.file_id = state.content.file_id
    row.origin = state.content.origin.value
    row.media_type = state.content.media_type
    row.size = state.content.size
    row.sha256 = state.content.sha256
    row.is_duplicate = state.is_duplicate
    row.status = state.status.value
    row.round = state.round
    row.task_id = state.task_id
    row.error_code = None if state.failure is None else state.failure.code
    row.error_message = None if state.failure is None else state.failure.message
    row.is_enabled = state.is_enabled
    row.facts = dict(state.metadata)
    for name, value in progress_columns(state.progress).items():
        setattr(row, name, value)
    row.created_at = state.created_at
    row.created_by = state.created_by
    row.updated_at = state.updated_at
    row.updated_by = state.updated_by
    row.indexed_at = state.indexed_at
    row.deleted_at = state.deleted_at


def progress_columns(progress: IndexingProgress) -> dict[str, Any]:
    """What a worker reports, by column."""
    return {
        "stage": progress.stage.value,
        "percent": progress.percent,
        "pages": progress.pages,
        "characters": progress.characters,
        "segments": progress.segments,
        "indexed_segments": progress.indexed,
    }


def progress_of(row: Any) -> IndexingProgress:
    """What a worker has reported; from a row of the table or of a query."""
    return IndexingProgress(
        stage=IndexingStage(row.stage),
        percent=row.percent,
        pages=row.pages,
        characters=row.characters,
        segments=row.segments,
        indexed=row.indexed_segments,
    )


def failure_of(row: Any) -> IndexingFailure | None:
    """Why a document could not be indexed, if so; from a row of the table or of a query."""
    if row.error_code is None:
        return None
    return IndexingFailure(code=row.error_code, message=row.error_message or "")


def content_of(row: Any) -> DocumentContent:
    """The file of a document; from a row of the table or of a query."""
    return DocumentContent(
        file_id=FileId(row.file_id),
        origin=DocumentOrigin(row.origin),
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
    )
