"""Segments on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.knowledge.segment_views import ChildView, SegmentView
from dify_hex.domain.knowledge.stored_segment import MAX_CONTENT_LENGTH
from dify_hex.entrypoints.http.envelope import Schema

Content = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CONTENT_LENGTH)
]


class SegmentContentRequest(Schema):
    """What a segment says."""

    content: Content = Field(examples=["Lamps are lit at dusk."])


class ChildResponse(Schema):
    """A part of a segment that is searched in its place."""

    id: UUID
    position: int
    content: str
    tokens: int
    hit_count: int
    indexed: bool

    @classmethod
    def of(cls, child: ChildView) -> Self:
        """The wire form."""
        return cls(
            id=child.id,
            position=child.position,
            content=child.content,
            tokens=child.tokens,
            hit_count=child.hit_count,
            indexed=child.is_indexed,
        )


class SegmentResponse(Schema):
    """A part of a document that can be found; positions and pages count from 1."""

    id: UUID
    knowledge_id: UUID
    document_id: UUID
    parent_id: UUID | None = Field(description="Of a child: the segment that it is a part of.")
    position: int
    content: str
    tokens: int
    first_page: int | None = Field(description="Null where the document has no pages.")
    last_page: int | None
    headings: Sequence[str] = Field(description="What it stands under, the outermost first.")
    enabled: bool
    edited: bool = Field(description="It says something else than the document does.")
    added: bool = Field(description="Somebody has added it by hand.")
    indexed: bool = Field(description="It can be found by now.")
    hit_count: int = Field(description="How often it was given to somebody.")
    version: int
    children: Sequence[ChildResponse]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, segment: SegmentView) -> Self:
        """The wire form."""
        return cls(
            id=segment.id,
            knowledge_id=segment.knowledge_id,
            document_id=segment.document_id,
            parent_id=segment.parent_id,
            position=segment.position,
            content=segment.content,
            tokens=segment.tokens,
            first_page=segment.first_page,
            last_page=segment.last_page,
            headings=segment.headings,
            enabled=segment.is_enabled,
            edited=segment.is_edited,
            added=segment.is_added,
            indexed=segment.is_indexed,
            hit_count=segment.hit_count,
            version=segment.version,
            children=[ChildResponse.of(child) for child in segment.children],
            created_at=segment.created_at,
            updated_at=segment.updated_at,
        )
