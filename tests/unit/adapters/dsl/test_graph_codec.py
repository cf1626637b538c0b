"""Graphs travel as canonical text, and what comes in is untrusted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.graph_reader import MAX_BYTES
from dify_hex.domain.workflow.errors import InvalidGraph
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.graph.shape_faults import MAX_EDGES, MAX_NODES
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from tests.builders.workflow import chat_graph, llm

CODEC = PydanticGraphCodec()


def changed(**changes: object) -> str:
    tree = json.loads(CODEC.document(chat_graph()).json)
    return json.dumps(tree | changes)


def answer(config: object, **fields: object) -> dict[str, object]:
    return {"id": "answer", "type": "answer", "config": config, **fields}


def faults(text: str) -> tuple[GraphFault, ...]:
    with pytest.raises(InvalidGraph) as caught:
        CODEC.parse(text)
    return caught.value.faults


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
    (fault, *_) = faults(changed(nodes=[{"id": "x", "type": "wormhole", "config": {}}], edges=[]))

    assert (fault.code, fault.node_id, fault.field) == ("unknown_node_type", "x", "type")
    assert "answer, " in fault.message


START = {"id": "start", "type": "start", "config": {}}


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("", "invalid_json", None),
        ("{", "invalid_json", None),
        ('{"nodes": [NaN]}', "invalid_json", None),
        ("[" * 100 + "]" * 100, "document_too_deep", None),
        ("[" * 1000 + "]" * 1000, "document_too_deep", None),
        (" " * (MAX_BYTES + 1), "document_too_large", None),
        ("[]", "invalid_field", None),
        ("{}", "missing_field", "nodes"),
        ('{"nodes": 1, "edges": []}', "invalid_field", "nodes"),
        (changed(extra=True), "unknown_field", "extra"),
        (changed(schema_version=2), "invalid_field", "schema_version"),
        (changed(nodes=[{**START, "id": "a b"}]), "invalid_field", "nodes.0.id"),
        (changed(nodes=[START, 5]), "invalid_field", "nodes.1"),
        (changed(nodes=[{**START, "colour": 1}]), "unknown_field", "colour"),
        (changed(nodes=[{**START, "title": "x" * 201}]), "invalid_field", "title"),
        (changed(nodes=[START] * (MAX_NODES + 1)), "too_many_nodes", "nodes"),
        (changed(edges=[{}] * (MAX_EDGES + 1)), "too_many_edges", "edges"),
        (changed(environment=[{}] * 201), "too_many_declarations", "environment"),
        (changed(edges=[{"source": "start"}]), "missing_field", "edges.0.target"),
        (changed(edges=[{"source": "start", "target": 5}]), "invalid_field", "edges.0.target"),
        (changed(nodes=[answer({"answer": 5})]), "invalid_field", "answer"),
        (changed(nodes=[answer({})]), "missing_field", "answer"),
        (changed(nodes=[answer({"answer": "", "txet": ""})]), "unknown_field", "txet"),
        (
            changed(nodes=[answer({"answer": ""}, policy={"retry": {"max_retries": "3"}})]),
            "invalid_field",
            "policy.retry.max_retries",
        ),
        (
            changed(environment=[{"name": "a", "type": "colour"}]),
            "invalid_field",
            "environment.0.type",
        ),
        (changed(conversation=[{}]), "missing_field", "conversation.0.name"),
    ],
)
def test_what_does_not_fit_the_schema_is_a_fault_with_its_field(
    text: str, code: str, field: str | None
) -> None:
    found = {(fault.code, fault.field) for fault in faults(text)}

    assert (code, field) in found
    assert all(fault.message.endswith(".") for fault in faults(text))


@pytest.mark.parametrize(
    "selector", [[], ["llm"], ["llm", ""], ["llm", "a b"], ["llm", 5], "llm.text", ["a"] * 13]
)
def test_a_malformed_selector_is_told_with_how_to_write_one(selector: object) -> None:
    end = {"variable": "a", "value_selector": selector}
    nodes = [START, {"id": "end", "type": "end", "config": {"run_outputs": [end]}}]
    text = changed(nodes=nodes, edges=[{"source": "start", "target": "end"}])

    (fault,) = faults(text)

    assert (fault.code, fault.node_id) == ("invalid_selector", "end")
    assert fault.field == "run_outputs.0.value_selector"
    assert '["node", "name"]' in fault.message


def test_faults_of_form_and_of_meaning_are_told_together() -> None:
    nodes = [
        START,
        answer({"answer": 5}),
        {"id": "other", "type": "answer", "config": {"answer": "{{#ghost.text#}}"}},
        {"id": "odd", "type": "wormhole", "config": {}},
    ]
    edges = [
        {"source": "start", "target": "answer"},
        {"source": "answer", "target": "other", "handle": "sideways"},
    ]
    text = changed(nodes=nodes, edges=edges, environment=[{"name": "a-b", "value": ""}])

    assert {(fault.code, fault.node_id) for fault in faults(text)} == {
        ("invalid_field", "answer"),
        ("unknown_node_type", "odd"),
        ("selector_unknown_node", "other"),
        ("unreachable_node", "odd"),
        ("declaration_name_invalid", None),
    }


def test_a_declaration_that_could_not_be_read_is_still_known_by_its_name() -> None:
    nodes = [START, answer({"answer": "{{#env.REGION#}}"})]
    edges = [{"source": "start", "target": "answer"}]
    text = changed(nodes=nodes, edges=edges, environment=[{"name": "REGION", "type": "colour"}])

    assert [fault.code for fault in faults(text)] == ["invalid_field"]


def test_where_an_edge_is_unknown_nothing_is_said_of_what_it_might_have_led_to() -> None:
    nodes = [START, answer({"answer": "{{#ghost.text#}}"})]

    assert {fault.code for fault in faults(changed(nodes=nodes, edges=[{}]))} == {"missing_field"}


def test_a_graph_that_cannot_run_is_not_let_in() -> None:
    found = {fault.code for fault in faults(changed(edges=[]))}

    assert found == {"unreachable_node", "selector_not_upstream"}


def test_what_may_run_may_still_not_be_published() -> None:
    codec = PydanticGraphCodec(missing={"llm": "Models are on holiday; come back later."})
    text = CODEC.document(chat_graph()).json

    (fault,) = codec.read(text, GraphKind.CHATFLOW).faults

    assert codec.parse(text) == chat_graph()
    assert (fault.code, fault.node_id) == ("node_type_unavailable", "llm")
    assert fault.message == "Models are on holiday; come back later."
    assert CODEC.read(text, GraphKind.CHATFLOW).faults == ()


def test_the_kind_of_graph_decides_how_it_must_end() -> None:
    text = CODEC.document(chat_graph()).json

    assert [fault.code for fault in CODEC.read(text, GraphKind.WORKFLOW).faults] == ["end_missing"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "type", "config", "source", "target", "name", "answer"]),
            children | st.sampled_from(["start", "answer", "llm"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {"nodes": st.lists(json_values, max_size=4) | json_values},
        optional={
            "edges": st.lists(json_values, max_size=4),
            "environment": json_values,
            "conversation": st.lists(json_values, max_size=3),
        },
    )
)
def test_whatever_is_sent_is_read_or_refused_with_its_faults(tree: object) -> None:
    assert CODEC.read(json.dumps(tree), GraphKind.WORKFLOW).faults


@given(st.text())
def test_whatever_text_is_sent_is_refused_with_its_faults(text: str) -> None:
    assert CODEC.read(text, GraphKind.WORKFLOW).faults
