"""What a fork asks for is held against the graph and the former run, all faults at once."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.forks import Fork, fork_changes, fork_faults
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.lineage import Lineage
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.http_request import HttpMethod, HttpRequestConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.nodes.sub_workflow import SubWorkflowConfig
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.start_variables import StartInputType, StartVariable
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.measure import MAX_OUTCOME
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.app import SOME_APP
from tests.builders.graphs import selector
from tests.builders.workflow import NOW, edge, facts, llm, new_run, node
from tests.reference.finished_runs import finished, iterating_graph

Told = list[tuple[str, str]]


def declaring() -> Graph:
    """A start, a request, a linked workflow and a model, one after the other."""
    takes = StartConfig(
        variables=(
            StartVariable(variable="name", type=StartInputType.TEXT_INPUT, max_length=5),
            StartVariable(variable="scan", type=StartInputType.FILE),
        )
    )
    return Graph(
        nodes=(
            node("begin", takes),
            node("call", HttpRequestConfig(method=HttpMethod.GET, url="https://example.com")),
            node("link", SubWorkflowConfig(app_id=SOME_APP)),
            node("model", llm()),
        ),
        edges=(edge("begin", "call"), edge("call", "link"), edge("link", "model")),
        conversation=(
            VariableDeclaration(name="mood", value="calm"),
            VariableDeclaration(name="notes", type=ValueType.STRINGS, value=[]),
        ),
    )


def done(of: Graph) -> Lineage:
    """The history of a run in which everything ended well."""
    run = new_run(of)
    events: list[RunEvent] = list(run.start(replace(facts(message=False), run_id=run.run_id)))
    outputs: dict[str, JsonObject] = {"begin": {"name": "Ann", "scan": None}}
    while run.ready():
        address = run.ready()[0]
        events += run.start_node(address, now=NOW)
        events += run.succeed_node(
            address, NodeOutcome(outputs=outputs.get(address.node_id, {})), now=NOW
        )
    events += run.succeed(answer="", now=NOW)
    return Lineage(of, events)


def told(
    variables: JsonObject | None = None, inputs: JsonObject | None = None, again: str = "model"
) -> Told:
    of = declaring()
    fork = Fork(again=NodeId(again), variables=variables or {}, inputs=inputs or {})
    return [(fault.code, fault.path) for fault in fork_faults(of, done(of), fork)]


@pytest.mark.parametrize(
    ("again", "changes", "code"),
    [
        ("nowhere", (), "fork_node_unknown"),
        ("inner", (), "fork_node_inside"),
        ("each", ("after.value",), "fork_variable_unknown"),
        ("after", ("before.value.deep",), "fork_variable_unknown"),
        ("after", ("before.other",), "fork_variable_unknown"),
        ("after", ("conversation.items",), "fork_variable_unknown"),
        ("after", ("before",), "fork_variable_name"),
    ],
)
def test_what_cannot_be_meant_is_refused(again: str, changes: Sequence[str], code: str) -> None:
    of = iterating_graph()
    _, events = finished(of, [1, 2], random.Random(3))
    fork = Fork(again=NodeId(again), variables=dict.fromkeys(changes, 1))

    assert [fault.code for fault in fork_faults(of, Lineage(of, events), fork)] == [code]


def test_kept_outputs_and_variables_of_the_conversation_may_change() -> None:
    variables: JsonObject = {
        "begin.name": "Bo",
        "call.status_code": 404,
        "call.body": "",
        "link.anything": [1],
        "conversation.mood": "glad",
        "conversation.notes": ["one"],
    }
    fork = Fork(again=NodeId("model"), variables=variables, inputs={"name": "Cy"})

    assert told(variables, {"name": "Cy"}) == []
    assert fork_changes(declaring(), fork) == {
        **{selector(name): value for name, value in variables.items()},
        selector("begin.name"): "Cy",
    }


def test_inputs_are_no_changes_where_the_start_is_done_again() -> None:
    fork = Fork(again=NodeId("begin"), inputs={"name": "Cy"})

    assert told(None, {"name": "Cy"}, "begin") == []
    assert fork_changes(declaring(), fork) == {}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("call.status_code", "404", "fork_variable_wrong_type"),
        ("call.body", None, "fork_variable_wrong_type"),
        ("call.files", [], "fork_variable_file"),
        ("conversation.mood", 5, "fork_variable_wrong_type"),
        ("conversation.notes", ["one", 2], "fork_variable_wrong_type"),
        ("conversation.nothing", 5, "fork_variable_unknown"),
        ("begin.name", 5, "input_wrong_type"),
        ("begin.name", "Bonaparte", "input_too_long"),
        ("begin.scan", {}, "fork_variable_file"),
        ("link.text", "x" * MAX_OUTCOME, "fork_variable_too_large"),
    ],
)
def test_values_have_to_fit_what_is_declared(name: str, value: JsonValue, code: str) -> None:
    assert told({name: value}) == [(code, f"variables.{name}")]


def test_every_fault_is_told_at_once() -> None:
    faults = told(
        {"": 1, "model.text": "x", "call.body": 1, "conversation.mood": 1},
        {"name": 5, "scan": "here", "zz": 1},
    )

    assert faults == [
        ("fork_variable_name", "variables."),
        ("fork_variable_unknown", "variables.model.text"),
        ("fork_variable_wrong_type", "variables.call.body"),
        ("fork_variable_wrong_type", "variables.conversation.mood"),
        ("input_wrong_type", "inputs.name"),
        ("input_unknown", "inputs.zz"),
        ("fork_file_input", "inputs.scan"),
    ]


def test_a_node_that_is_not_there_hides_no_other_fault() -> None:
    faults = told({"": 1, "call.body": 1, "conversation.mood": 1}, {"zz": 1}, "nowhere")

    assert faults == [
        ("fork_node_unknown", "node_id"),
        ("fork_variable_name", "variables."),
        ("fork_variable_wrong_type", "variables.conversation.mood"),
        ("input_unknown", "inputs.zz"),
    ]
