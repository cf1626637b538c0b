"""Faults of the values that nodes refer to and give."""

import pytest

from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import (
    CHILD,
    MAKER,
    START,
    Courier,
    FaultyGraph,
    assert_faulty,
    chain,
    graph,
    iteration,
    secret,
    step,
    task,
    uses,
)

FAULTY: list[FaultyGraph] = [
    ("selector_unknown_node", "user", "uses", uses("ghost.text")),
    ("selector_not_upstream", "early", "uses", chain(task("early", "maker.text"), MAKER)),
    (
        "selector_not_upstream",
        "user",
        "uses",
        chain(MAKER, iteration(), CHILD, task("user", "child.text")),
    ),
    ("selector_unknown_name", "user", "uses", uses("maker.ghost")),
    ("selector_unknown_name", "user", "uses", uses("sys.weather")),
    ("selector_unknown_name", "user", "uses", uses("env.REGION")),
    ("selector_unknown_name", "user", "uses", uses("conversation.notes")),
    (
        "selector_unknown_name",
        "child2",
        "uses",
        chain(MAKER, iteration(), CHILD, task("child2", "each.output", parent="each")),
    ),
    (
        "selector_unknown_name",
        "each",
        "output_selector",
        chain(MAKER, iteration(output="child.ghost"), CHILD),
    ),
    ("selector_path", "user", "uses", uses("maker.text.part")),
    ("selector_path", "user", "uses", uses("maker.texts.first")),
    ("selector_path", "user", "uses", uses("maker.file.colour")),
    ("selector_wrong_type", "user", "uses", uses("maker.count", accepts={ValueType.STRING})),
    ("selector_wrong_type", "user", "uses", uses("maker.file.size", accepts={ValueType.FILE})),
    (
        "selector_wrong_type",
        "user",
        "uses",
        chain(task("user", "env.TOKEN", kind=Courier, accepts={ValueType.NUMBER}), env=secret()),
    ),
    ("secret_exposed", "user", "uses", chain(task("user", "env.TOKEN"), env=secret())),
    (
        "secret_exposed",
        "answer",
        "answer",
        graph(
            START,
            step("answer", AnswerConfig(answer="{{#env.TOKEN#}}")),
            edges=["start > answer"],
            env=secret(),
        ),
    ),
    ("assignment_target", "user", "sets", chain(MAKER, task("user", sets=("maker.text",)))),
    ("assignment_target", "user", "sets", chain(task("user", sets=("env.TOKEN",)), env=secret())),
    (
        "assignment_target",
        "set",
        "sets",
        chain(MAKER, iteration(), CHILD, task("set", sets=("each.item",), parent="each")),
    ),
    (
        "assignment_target",
        "user",
        "sets",
        chain(
            task("user", sets=("conversation.notes.first",)),
            talk=VariableDeclaration(name="notes", type=ValueType.OBJECT),
        ),
    ),
    ("selector_unknown_name", "user", "sets", chain(task("user", sets=("conversation.notes",)))),
    (
        "selector_wrong_type",
        "user",
        "sets",
        chain(
            task("user", sets=("conversation.notes",), accepts={ValueType.NUMBER}),
            talk=VariableDeclaration(name="notes"),
        ),
    ),
]


@pytest.mark.parametrize(("code", "node_id", "field", "faulty"), FAULTY)
def test_each_fault_is_found_where_it_is(
    code: str, node_id: str | None, field: str | None, faulty: Graph
) -> None:
    assert_faulty(faulty, code, node_id, field)
