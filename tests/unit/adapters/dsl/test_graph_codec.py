"""Graphs travel as canonical text, and what comes in is untrusted."""

import json

import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.domain.workflow.errors import InvalidGraph
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from tests.builders.workflow import chat_graph, llm

CODEC = PydanticGraphCodec()


def changed(**changes: object) -> str:
    tree = json.loads(CODEC.document(chat_graph()).json)
    return json.dumps(tree | changes)


def codes(text: str) -> set[str]:
    with pytest.raises(InvalidGraph) as caught:
        CODEC.parse(text)
    return {fault.code for fault in caught.value.faults}


def test_a_graph_survives_the_round_trip() -> None:
    graph = chat_graph(variables=("name",), config=llm(memory=MemoryWindow(max_tokens=9)))

    assert CODEC.parse(CODEC.document(graph).json) == graph


def test_equal_graphs_have_equal_text_and_hash() -> None:
    assert CODEC.document(chat_graph()) == CODEC.document(chat_graph())
    assert CODEC.document(chat_graph()).hash != CODEC.document(chat_graph("other")).hash


def test_a_graph_is_parsed_once() -> None:
    text = CODEC.document(chat_graph()).json

    assert CODEC.parse(text) is CODEC.parse(text)


def test_an_unknown_node_type_is_named_with_those_that_exist() -> None:
    text = changed(nodes=[{"id": "x", "type": "wormhole", "config": {}}], edges=[])

    assert codes(text) == {"unknown_node_type"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"nodes": 1, "edges": []}',
        changed(nodes=[{"id": "a b", "type": "start", "config": {}}]),
        changed(nodes=[{"id": "a", "type": "answer", "config": {"answer": 5}}], edges=[]),
        changed(extra=True),
        changed(schema_version=2),
    ],
)
def test_what_does_not_fit_the_schema_is_a_fault_with_its_field(text: str) -> None:
    assert codes(text) == {"invalid_field"}


def test_a_graph_that_cannot_run_is_not_let_in() -> None:
    assert codes(changed(edges=[])) == {"unreachable_node", "unknown_variable"}
