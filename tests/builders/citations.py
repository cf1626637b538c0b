"""Makes citations that tests need only a part of."""

from uuid import UUID

from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId
from dify_hex.domain.shared.values.citation import Citation


def citation(
    number: int,
    *,
    position: int | None = None,
    content: str = "It is so.",
    score: float = 0.5,
    first_page: int | None = None,
    last_page: int | None = None,
    headings: tuple[str, ...] = (),
) -> Citation:
    """The citation of the segment of that number, which is its position unless said otherwise."""
    return Citation(
        position=number if position is None else position,
        knowledge_id=KnowledgeId(UUID(int=0xA1)),
        knowledge_name="Manuals",
        document_id=DocumentId(UUID(int=0xD0)),
        document_name="manual.pdf",
        segment_id=SegmentId(UUID(int=number)),
        segment_position=number,
        score=score,
        content=content,
        first_page=first_page,
        last_page=last_page,
        headings=headings,
    )
