"""The preview of segments on the wire."""

from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from dify_hex.application.knowledge.preview_segments import (
    MAX_SHOWN,
    PreviewedFile,
    PreviewedSegments,
    PreviewedText,
    PreviewSegmentsCommand,
)
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.shared.ids import FileId, KnowledgeId
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.knowledge.settings import SegmentationBody


class PreviewRequest(Schema):
    """Either a text, or a file that was handed in; and how to cut it, if not as the Knowledge."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "We are open from nine to five."}]}
    )

    text: str | None = Field(None, min_length=1, examples=["We are open from nine to five."])
    file_id: UUID | None = None
    segmentation: SegmentationBody | None = Field(
        None, description="In place of the settings of the Knowledge, for this time only."
    )
    limit: Annotated[int, Field(ge=1, le=MAX_SHOWN)] = Field(
        10, description="How many segments to show."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.text is None) == (self.file_id is None):
            raise ValueError("Give either `text` or `file_id`.")
        return self

    def to_command(self, knowledge_id: UUID) -> PreviewSegmentsCommand:
        """What to cut for which Knowledge."""
        text, file_id = self.text, self.file_id
        return PreviewSegmentsCommand(
            knowledge_id=KnowledgeId(knowledge_id),
            source=PreviewedText(text or "") if file_id is None else PreviewedFile(FileId(file_id)),
            segmentation=None if self.segmentation is None else self.segmentation.to_domain(),
            limit=self.limit,
        )


class PreviewedChild(Schema):
    """A child of a segment."""

    content: str
    tokens: int


class PreviewedSegment(Schema):
    """A segment as it would be stored."""

    position: int
    content: str
    tokens: int
    first_page: int | None
    last_page: int | None
    headings: Sequence[str]
    children: Sequence[PreviewedChild]

    @classmethod
    def of(cls, draft: SegmentDraft) -> Self:
        """The wire form."""
        return cls(
            position=draft.position,
            content=draft.content,
            tokens=draft.tokens,
            first_page=draft.first_page,
            last_page=draft.last_page,
            headings=draft.headings,
            children=[
                PreviewedChild(content=child.content, tokens=child.tokens)
                for child in draft.children
            ],
        )


class PreviewResponse(Schema):
    """The first segments, and how many the document has in all."""

    segments: Sequence[PreviewedSegment]
    total: int
    is_estimate: bool = Field(
        description="Whether only the beginning was cut, so that `total` is about right."
    )

    @classmethod
    def of(cls, previewed: PreviewedSegments) -> Self:
        """The wire form."""
        return cls(
            segments=[PreviewedSegment.of(draft) for draft in previewed.segments],
            total=previewed.total,
            is_estimate=previewed.is_estimate,
        )
