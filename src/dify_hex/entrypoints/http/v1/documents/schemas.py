"""Documents on the wire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.knowledge.add_document import (
    AddDocumentCommand,
    GivenText,
    StoredFile,
)
from dify_hex.application.knowledge.change_document import ChangeDocumentCommand
from dify_hex.application.knowledge.read_models import (
    AddedDocuments,
    DocumentView,
    RefusedDocument,
)
from dify_hex.domain.knowledge.document import DocumentOrigin
from dify_hex.domain.knowledge.indexing import DocumentStatus, IndexingStage
from dify_hex.domain.knowledge.metadata import MAX_FIELDS
from dify_hex.domain.shared.ids import DocumentId, FileId, KnowledgeId
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.messages.catalogue import message_for
from dify_hex.entrypoints.http.request_context import current_request

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
_Value = (
    Annotated[str, StringConstraints(max_length=2_000)]
    | Annotated[float, Field(ge=-(2**63), le=2**63, allow_inf_nan=False)]
)

#: What becomes of content that the Knowledge holds already.
Duplicates = Literal["refuse", "allow"]


class AddTextRequest(Schema):
    """A document by its text."""

    name: _Name = Field(examples=["Opening hours"])
    text: str = Field(min_length=1, examples=["We are open from nine to five."])

    def to_command(self, knowledge_id: UUID, *, allow_duplicate: bool) -> AddDocumentCommand:
        """What to add."""
        return AddDocumentCommand(
            knowledge_id=KnowledgeId(knowledge_id),
            source=GivenText(name=self.name, text=self.text),
            allow_duplicate=allow_duplicate,
        )


class AddFileRequest(Schema):
    """A document out of a file that was handed in before; it stays when the document goes."""

    file_id: UUID
    name: _Name | None = Field(None, description="The file's own name when it is left out.")

    def to_command(self, knowledge_id: UUID, *, allow_duplicate: bool) -> AddDocumentCommand:
        """What to add."""
        return AddDocumentCommand(
            knowledge_id=KnowledgeId(knowledge_id),
            source=StoredFile(file_id=FileId(self.file_id), name=self.name),
            allow_duplicate=allow_duplicate,
        )


class ChangeDocumentRequest(Schema):
    """What to change; what is left out stays."""

    name: _Name | None = Field(None, examples=["Opening hours 2027"])
    metadata: Annotated[dict[str, _Value], Field(max_length=10 * MAX_FIELDS)] | None = Field(
        None,
        description="All of it, by the fields that the Knowledge declares; a moment is a text.",
        examples=[{"author": "Ada", "published": "2026-11-21T12:00:00Z", "edition": 2}],
    )

    def to_command(self, document_id: UUID, expected: int | None) -> ChangeDocumentCommand:
        """What to change of which document."""
        return ChangeDocumentCommand(
            document_id=DocumentId(document_id),
            name=self.name,
            metadata=self.metadata,
            expected_version=expected,
        )


class DocumentError(Schema):
    """Why a document could not be indexed."""

    code: str = Field(examples=["document_encrypted"])
    message: str


class DocumentResponse(Schema):
    """A document; `progress` is in percent, `stage` what is done now or was done last."""

    id: UUID
    knowledge_id: UUID
    name: str = Field(examples=["report.pdf"])
    origin: DocumentOrigin
    file_id: UUID
    media_type: str = Field(examples=["application/pdf"])
    size: int = Field(description="Bytes of its file.")
    sha256: str
    status: DocumentStatus
    stage: IndexingStage
    progress: float
    pages: int | None
    characters: int
    segments: int = Field(description="Those that are searched.")
    indexed_segments: int = Field(description="Those of them that can be found.")
    hits: int = Field(description="How often its segments were found.")
    error: DocumentError | None
    enabled: bool
    metadata: Mapping[str, str | float]
    task_id: UUID | None = Field(description="The job that indexes it, or did so last.")
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    indexed_at: datetime | None

    @classmethod
    def of(cls, view: DocumentView) -> Self:
        """The wire form."""
        content, progress, failure = view.content, view.progress, view.failure
        return cls(
            id=view.id,
            knowledge_id=view.knowledge_id,
            name=view.name,
            origin=content.origin,
            file_id=content.file_id,
            media_type=content.media_type,
            size=content.size,
            sha256=content.sha256,
            status=view.status,
            stage=progress.stage,
            progress=progress.percent,
            pages=progress.pages,
            characters=progress.characters,
            segments=progress.segments,
            indexed_segments=progress.indexed,
            hits=view.hits,
            error=(
                None
                if failure is None
                else DocumentError(code=failure.code, message=failure.message)
            ),
            enabled=view.is_enabled,
            metadata=view.metadata,
            task_id=view.task_id,
            version=view.version,
            created_at=view.created_at,
            created_by=view.created_by,
            updated_at=view.updated_at,
            indexed_at=view.indexed_at,
        )


class RefusedDocumentResponse(Schema):
    """One of several files that was not taken in, and why."""

    name: str
    code: str = Field(examples=["document_exists"])
    message: str
    details: Mapping[str, Any]

    @classmethod
    def of(cls, refused: RefusedDocument) -> Self:
        """The wire form, in the caller's language."""
        return cls(
            name=refused.name,
            code=refused.error.code,
            message=message_for(refused.error, current_request().language),
            details=dict(refused.error.details),
        )


class AddedDocumentsResponse(Schema):
    """What became of the documents: they are indexed in the background."""

    documents: Sequence[DocumentResponse]
    refused: Sequence[RefusedDocumentResponse]

    @classmethod
    def of(cls, outcome: AddedDocuments) -> Self:
        """The wire form."""
        return cls(
            documents=[DocumentResponse.of(view) for view in outcome.added],
            refused=[RefusedDocumentResponse.of(each) for each in outcome.refused],
        )
