"""The values that a node runs with by itself, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import NodeValuesInvalid
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_values import (
    UsedValue,
    ValueOrigin,
    ValueSource,
    used_values,
)
from dify_hex.domain.workflow.nodes.variable_aggregator import VariableAggregatorConfig
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import Courier, selector
from tests.builders.workflow import facts, new_run, node


def graph(*uses: str, accepts: frozenset[ValueType] = frozenset()) -> Graph:
    return Graph(
        nodes=(node("it", Courier(uses=uses, accepts=accepts)),),
        edges=(),
        environment=(VariableDeclaration(name="KEY", type=ValueType.SECRET),),
    )


def source(origin: ValueOrigin, **values: JsonObject) -> ValueSource:
    return ValueSource(
        origin=origin, values={NodeId(node_id): each for node_id, each in values.items()}
    )


REMEMBERED = source(ValueOrigin.REMEMBERED, ask={"text": "before", "data": {"name": "Ann"}})
DECLARED = source(ValueOrigin.DECLARED, ask={"text": "never"}, env={"KEY": "k-1"})


def used(
    excerpt: Graph, given: Mapping[str, JsonValue] | None = None
) -> list[tuple[str, JsonValue, ValueOrigin]]:
    found = used_values(excerpt, given or {}, (REMEMBERED, DECLARED))
    return [(str(each.selector), each.value, each.origin) for each in found]


def faults(excerpt: Graph, given: Mapping[str, JsonValue] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(NodeValuesInvalid) as caught:
        used(excerpt, given)
    return [(fault.code, fault.path) for fault in caught.value.faults]


def test_a_given_value_goes_before_a_remembered_one_and_that_before_others() -> None:
    assert used(graph("ask.text"), {"ask.text": "now"}) == [("ask.text", "now", ValueOrigin.GIVEN)]
    assert used(graph("ask.text")) == [("ask.text", "before", ValueOrigin.REMEMBERED)]


def test_a_value_is_used_as_a_whole_and_told_once() -> None:
    assert used(graph("ask.data.name", "ask.data")) == [
        ("ask.data", {"name": "Ann"}, ValueOrigin.REMEMBERED)
    ]


def test_a_secret_of_the_environment_is_marked() -> None:
    (found,) = used_values(graph("env.KEY"), {}, (REMEMBERED, DECLARED))

    assert found == UsedValue(
        selector=selector("env.KEY"), value="k-1", origin=ValueOrigin.DECLARED, secret=True
    )


def test_everything_that_is_missing_is_named() -> None:
    excerpt = graph("ask.data.age", "late.text", "late.text")

    assert faults(excerpt) == [
        ("value_missing", "values.ask.data"),
        ("value_missing", "values.late.text"),
    ]


def test_what_may_be_missing_is_not_asked_for() -> None:
    either = VariableAggregatorConfig(variables=(selector("a.text"), selector("ask.text")))

    assert used(Graph(nodes=(node("it", either),), edges=())) == [
        ("ask.text", "before", ValueOrigin.REMEMBERED)
    ]


def test_a_given_value_of_another_type_is_refused_once() -> None:
    numbers = frozenset({ValueType.NUMBER})

    assert faults(graph("ask.size", "ask.size", accepts=numbers), {"ask.size": "many"}) == [
        ("value_wrong_type", "values.ask.size")
    ]
    assert used(graph("ask.size", accepts=numbers), {"ask.size": 3})


def test_a_value_that_nobody_uses_is_refused() -> None:
    assert faults(graph("ask.text"), {"ask.txt": "now", "odd": 1}) == [
        ("value_unneeded", "values.ask.txt"),
        ("value_unneeded", "values.odd"),
    ]
    assert faults(graph(), {"ask.text": "now"}) == [("value_unneeded", "values.ask.text")]


def test_a_run_that_is_given_values_has_them_before_any_node_has_run() -> None:
    run = new_run(graph("ask.text"))

    run.start(replace(facts(message=False), given={NodeId("ask"): {"text": "now"}}))

    assert run.variables.get(selector("ask.text")) == "now"
