"""What is cited, how often, and how it travels through a graph."""

import json
from dataclasses import replace

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.citing import (
    MAX_CITATIONS,
    citation_of,
    newly_cited,
    passage_object,
)
from tests.builders.citations import citation


def test_what_is_shown_first_is_numbered_from_1() -> None:
    shown = [citation(5), citation(4)]
    assert newly_cited((), shown) == (citation(5, position=1), citation(4, position=2))


def test_what_was_cited_is_not_cited_again() -> None:
    cited = (citation(1), citation(2))
    assert newly_cited(cited, [citation(2), citation(9), citation(9)]) == (citation(9, position=3),)
    assert newly_cited(cited, cited) == ()


def test_a_message_has_only_so_many() -> None:
    cited = tuple(citation(number) for number in range(1, MAX_CITATIONS))
    assert len(newly_cited(cited, [citation(1000), citation(1001)])) == 1


def test_a_passage_comes_back_from_json_as_it_was() -> None:
    found = citation(3, score=0.25, first_page=2, last_page=4, headings=("A", "B"))
    written = json.loads(json.dumps(passage_object(found, {"doc_metadata": {"year": 2026}})))
    assert citation_of(written) == found


def test_a_passage_is_told_as_dify_tells_it() -> None:
    told = passage_object(citation(3), {"hit": 1})
    assert told["content"] == "It is so."
    assert told["title"] == "manual.pdf"
    metadata = told["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["_source"] == "knowledge"
    assert metadata["hit"] == 1


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"content": "no metadata"},
        {"content": "of others", "metadata": {"_source": "web"}},
        {"content": "no ids", "metadata": {"_source": "knowledge"}},
        {
            "content": "no id",
            "metadata": {
                "_source": "knowledge",
                "dataset_id": "x",
                "document_id": "y",
                "segment_id": "z",
            },
        },
    ],
)
def test_what_is_no_passage_of_knowledge_is_not_cited(value: JsonValue) -> None:
    assert citation_of(value) is None


def test_what_a_graph_has_spoilt_is_made_good() -> None:
    told = passage_object(citation(3), {})
    metadata = told["metadata"]
    assert isinstance(metadata, dict)
    spoilt = {**metadata, "score": "high", "page": "two", "headings": "A", "position": True}
    found = citation_of({"metadata": spoilt, "content": 3})
    assert found == replace(citation(3), position=1, score=0.0, content="")
