"""What an answer stands on: a segment, and where in which document it is."""

from dataclasses import dataclass

from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One segment that an answer was given.

    `position` is counted from 1 in the order in which the model was shown the segments; `score`
    is from 0 to 1. Pages are counted from 1 and None where the source has none; `headings` is the
    path to the segment, the outermost first. `segment_position` counts segments in the document
    from 1.
    """

    position: int
    knowledge_id: KnowledgeId
    knowledge_name: str
    document_id: DocumentId
    document_name: str
    segment_id: SegmentId
    segment_position: int
    score: float
    content: str
    first_page: int | None = None
    last_page: int | None = None
    headings: tuple[str, ...] = ()
