"""Says where the passages that were retrieved are from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dify_hex.domain.knowledge.retrieval.pipeline import Passage
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId
from dify_hex.domain.shared.values.citation import Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageSource:
    """A segment's content, and where in which document it is.

    Position and pages count from 1; pages are None where the document has none. `headings` is the
    path to the segment, the outermost first.
    """

    segment_id: SegmentId
    knowledge_id: KnowledgeId
    knowledge_name: str
    document_id: DocumentId
    document_name: str
    position: int
    content: str
    first_page: int | None = None
    last_page: int | None = None
    headings: tuple[str, ...] = ()


def cite(
    passages: Iterable[Passage], sources: Mapping[SegmentId, PassageSource]
) -> tuple[Citation, ...]:
    """The passages as they are cited, numbered from 1; one without a source has been removed."""
    present = [each for each in passages if each.segment_id in sources]
    return tuple(
        _citation(number, each, sources[each.segment_id])
        for number, each in enumerate(present, start=1)
    )


def _citation(position: int, passage: Passage, source: PassageSource) -> Citation:
    return Citation(
        position=position,
        knowledge_id=source.knowledge_id,
        knowledge_name=source.knowledge_name,
        document_id=source.document_id,
        document_name=source.document_name,
        segment_id=source.segment_id,
        segment_position=source.position,
        score=passage.score,
        content=source.content,
        first_page=source.first_page,
        last_page=source.last_page,
        headings=source.headings,
    )
