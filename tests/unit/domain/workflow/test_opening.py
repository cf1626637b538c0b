"""A container opens with what it finds: its list, or the first values of its variables."""

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.container_events import IterationStarted, LoopStarted
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig, LoopVariable, ValueSource
from dify_hex.domain.workflow.opening import opening_of
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at, pool_of
from tests.builders.workflow import NOW, node

EACH = IterationConfig(iterator_selector=at("start.names"), output_selector=at("say.text"))


def opening(config: NodeConfig, **values: JsonValue) -> IterationStarted | LoopStarted | RunError:
    return opening_of(node("box", config), "/outer.2", pool_of(start=values), NOW)


@pytest.mark.parametrize("names", [[], ["Ada"], ["Ada", "Grace"]])
def test_an_iteration_counts_its_items(names: list[JsonValue]) -> None:
    event = opening(EACH, names=names)

    assert isinstance(event, IterationStarted)
    assert (event.node_id, event.frame, event.count) == ("box", "/outer.2", len(names))


@pytest.mark.parametrize("names", ["Ada", 3, {"name": "Ada"}, None])
def test_what_is_no_list_cannot_be_gone_through(names: JsonValue) -> None:
    error = opening(EACH, names=names)

    assert isinstance(error, RunError)
    assert (error.code, error.details) == ("workflow_not_a_list", {"selector": "start.names"})


def test_a_list_that_is_missing_is_named() -> None:
    error = opening(EACH)

    assert isinstance(error, RunError)
    assert error.details == {"selector": "start.names"}


def loop(*variables: LoopVariable) -> LoopConfig:
    return LoopConfig(loop_count=3, loop_variables=variables)


CONSTANT = LoopVariable(label="word", var_type=ValueType.STRING, value="a")
OF_START = LoopVariable(
    label="total",
    var_type=ValueType.NUMBER,
    value_type=ValueSource.VARIABLE,
    value=["start", "count"],
)


def test_a_loops_variables_begin_with_constants_and_with_values_of_the_run() -> None:
    event = opening(loop(CONSTANT, OF_START), count=7)

    assert isinstance(event, LoopStarted)
    assert event.variables == {"word": "a", "total": 7}


def test_a_first_value_that_is_missing_is_named() -> None:
    error = opening(loop(OF_START))

    assert isinstance(error, RunError)
    assert (error.code, error.details) == (
        "workflow_variable_missing",
        {"selector": "start.count"},
    )
