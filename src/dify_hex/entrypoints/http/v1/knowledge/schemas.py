"""Knowledge on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.knowledge.change_knowledge import ChangeKnowledgeCommand
from dify_hex.application.knowledge.create_knowledge import CreateKnowledgeCommand
from dify_hex.application.knowledge.read_models import KnowledgeView
from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.knowledge.settings import (
    EmbeddingModelBody,
    MetadataFieldBody,
    MetadataFields,
    RetrievalBody,
    SegmentationBody,
)

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_Description = Annotated[str, StringConstraints(max_length=2_000)]


class CreateKnowledgeRequest(Schema):
    """A new Knowledge; what is left out begins with what works."""

    name: _Name = Field(examples=["Handbook"])
    description: _Description = ""
    segmentation: SegmentationBody | None = None
    embedding: EmbeddingModelBody | None = Field(
        None, description="The installation's own model when it is left out."
    )
    retrieval: RetrievalBody | None = None
    metadata_fields: MetadataFields = Field([])

    def to_command(self) -> CreateKnowledgeCommand:
        """What to make."""
        return CreateKnowledgeCommand(
            name=self.name,
            description=self.description,
            segmentation=None if self.segmentation is None else self.segmentation.to_domain(),
            embedding=None if self.embedding is None else self.embedding.to_domain(),
            retrieval=None if self.retrieval is None else self.retrieval.to_domain(),
            metadata_fields=[field.to_domain() for field in self.metadata_fields],
        )


class ChangeKnowledgeRequest(Schema):
    """What to change; what is left out stays, what is given is replaced as a whole."""

    name: _Name | None = Field(None, examples=["Handbook 2026"])
    description: _Description | None = None
    segmentation: SegmentationBody | None = Field(
        None, description="Holds for what is indexed from now on."
    )
    embedding: EmbeddingModelBody | None = Field(
        None, description="Another model embeds every segment anew, in the background."
    )
    retrieval: RetrievalBody | None = None
    metadata_fields: MetadataFields | None = None

    def to_command(self, knowledge_id: UUID, expected: int | None) -> ChangeKnowledgeCommand:
        """What to change of which Knowledge."""
        fields = self.metadata_fields
        return ChangeKnowledgeCommand(
            knowledge_id=KnowledgeId(knowledge_id),
            name=self.name,
            description=self.description,
            segmentation=None if self.segmentation is None else self.segmentation.to_domain(),
            embedding=None if self.embedding is None else self.embedding.to_domain(),
            retrieval=None if self.retrieval is None else self.retrieval.to_domain(),
            metadata_fields=(None if fields is None else [field.to_domain() for field in fields]),
            expected_version=expected,
        )


class ShownEmbedding(Schema):
    """An embedding model."""

    provider: str = Field(examples=["local"])
    model: str = Field(examples=["use-multilingual"])


class KnowledgeResponse(Schema):
    """A Knowledge; `documents` and `segments` say how many there are."""

    id: UUID
    name: str
    description: str
    segmentation: SegmentationBody
    embedding: ShownEmbedding
    next_embedding: ShownEmbedding | None = Field(
        description="The model that is about to take over, if one is."
    )
    retrieval: RetrievalBody
    metadata_fields: Sequence[MetadataFieldBody]
    documents: int
    segments: int = Field(description="Those that can be found.")
    version: int
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime

    @classmethod
    def of(cls, view: KnowledgeView) -> Self:
        """The wire form."""
        embedding, following = view.settings.embedding, view.next_embedding
        return cls(
            id=view.id,
            name=view.name,
            description=view.description,
            segmentation=SegmentationBody.model_validate(
                view.settings.segmentation, from_attributes=True
            ),
            embedding=ShownEmbedding(provider=embedding.provider, model=embedding.model),
            next_embedding=(
                None
                if following is None
                else ShownEmbedding(provider=following.provider, model=following.model)
            ),
            retrieval=RetrievalBody.model_validate(view.settings.retrieval, from_attributes=True),
            metadata_fields=[
                MetadataFieldBody(name=field.name, type=field.type)
                for field in view.metadata_fields
            ],
            documents=view.documents,
            segments=view.segments,
            version=view.version,
            created_at=view.created_at,
            created_by=view.created_by,
            updated_at=view.updated_at,
        )
