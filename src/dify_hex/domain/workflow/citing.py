"""What an answer stands on: passages of Knowledge that a model was shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue

#: Citations of one message; whatever more a loop may find is not told.
MAX_CITATIONS = 200
#: How a passage of Knowledge is told from any other object.
SOURCE = "knowledge"


def newly_cited(cited: Sequence[Citation], shown: Iterable[Citation]) -> tuple[Citation, ...]:
    """Of what is shown, what was not cited yet, numbered on from there."""
    known = {each.segment_id for each in cited}
    new: dict[SegmentId, Citation] = {}
    for each in shown:
        if each.segment_id not in known:
            new.setdefault(each.segment_id, each)
    room = MAX_CITATIONS - len(cited)
    return tuple(
        replace(each, position=len(cited) + number)
        for number, each in enumerate([*new.values()][:room], start=1)
    )


def passage_object(citation: Citation, more: JsonObject) -> JsonObject:
    """A passage as a node puts it out, with `more` among its metadata."""
    return {
        "metadata": {
            "_source": SOURCE,
            "dataset_id": str(citation.knowledge_id),
            "dataset_name": citation.knowledge_name,
            "document_id": str(citation.document_id),
            "document_name": citation.document_name,
            "data_source_type": "upload_file",
            "segment_id": str(citation.segment_id),
            "retriever_from": "workflow",
            "score": citation.score,
            "segment_position": citation.segment_position,
            "position": citation.position,
            "page": citation.first_page,
            "last_page": citation.last_page,
            "headings": list(citation.headings),
            **more,
        },
        "title": citation.document_name,
        "files": [],
        "content": citation.content,
        "summary": "",
    }


def citation_of(passage: JsonValue) -> Citation | None:
    """The citation of what `passage_object` has made; None for any other value."""
    if not isinstance(passage, Mapping):
        return None
    told, content = passage.get("metadata"), passage.get("content")
    if not isinstance(told, Mapping) or told.get("_source") != SOURCE:
        return None
    try:
        ids = [UUID(str(told[name])) for name in ("dataset_id", "document_id", "segment_id")]
    except (KeyError, ValueError):
        return None
    headings = told.get("headings")
    return Citation(
        position=_whole(told.get("position")) or 1,
        knowledge_id=KnowledgeId(ids[0]),
        knowledge_name=str(told.get("dataset_name") or ""),
        document_id=DocumentId(ids[1]),
        document_name=str(told.get("document_name") or ""),
        segment_id=SegmentId(ids[2]),
        segment_position=_whole(told.get("segment_position")) or 1,
        score=_score(told.get("score")),
        content=content if isinstance(content, str) else "",
        first_page=_whole(told.get("page")),
        last_page=_whole(told.get("last_page")),
        headings=_texts(headings),
    )


def _whole(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _score(value: JsonValue) -> float:
    return min(1.0, max(0.0, float(value))) if isinstance(value, int | float) else 0.0


def _texts(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return ()
    return tuple(map(str, value))
