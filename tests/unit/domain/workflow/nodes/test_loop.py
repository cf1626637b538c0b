"""A loop's settings: its variables and where they begin, when it ends, and what is wrong."""

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import Condition
from dify_hex.domain.workflow.nodes.loop import (
    MAX_ROUNDS,
    LoopConfig,
    LoopVariable,
    ValueSource,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at, pool_of


def at_least(limit: str, selector: str = "loop.total") -> Condition:
    return Condition(
        variable_selector=at(selector),
        comparison_operator=ComparisonOperator.AT_LEAST,
        value=limit,
    )


def variable(value: JsonValue, source: ValueSource = ValueSource.VARIABLE) -> LoopVariable:
    return LoopVariable(label="total", var_type=ValueType.NUMBER, value_type=source, value=value)


def faults(config: LoopConfig) -> list[tuple[str, str]]:
    return [(fault.code, fault.field) for fault in config.faults()]


class TestVariables:
    def test_a_variable_may_begin_with_a_value_of_the_run(self) -> None:
        assert variable(["start", "count"]).selector == at("start.count")

    @pytest.mark.parametrize("value", ["start.count", None, 5])
    def test_what_names_no_output_is_no_selector(self, value: JsonValue) -> None:
        assert variable(value).selector is None

    def test_a_constant_is_taken_as_it_is(self) -> None:
        assert variable(["start", "count"], ValueSource.CONSTANT).selector is None

    def test_children_see_them_and_the_loop_puts_them_out_with_the_number_of_rounds(self) -> None:
        config = LoopConfig(loop_count=3, loop_variables=(variable(["start", "count"]),))

        assert config.scope_variables() == {"total": ValueType.NUMBER}
        assert config.outputs() == {"total": ValueType.NUMBER, "loop_round": ValueType.INTEGER}

    def test_the_loop_needs_what_they_begin_with(self) -> None:
        constant = LoopVariable(label="word", var_type=ValueType.STRING, value="a")
        config = LoopConfig(loop_count=3, loop_variables=(constant, variable(["start", "count"])))

        (reference,) = config.references()

        assert (reference.selector, reference.field) == (
            at("start.count"),
            "loop_variables.1.value",
        )
        assert reference.accepts == frozenset({ValueType.NUMBER})


class TestConditions:
    def test_without_any_there_is_nothing_to_end_it_early(self) -> None:
        config = LoopConfig(loop_count=3)

        assert config.ends_when is None
        assert list(config.inner_references()) == []

    @pytest.mark.parametrize(
        ("logic", "ends"), [(LogicalOperator.AND, False), (LogicalOperator.OR, True)]
    )
    def test_all_or_any_of_them_end_it(self, logic: LogicalOperator, ends: bool) -> None:
        config = LoopConfig(
            loop_count=3, break_conditions=(at_least("9"), at_least("1")), logical_operator=logic
        )

        assert config.ends_when is not None
        assert config.ends_when.holds(pool_of(loop={"total": 5})) is ends

    def test_what_they_look_at_is_named_with_its_place(self) -> None:
        config = LoopConfig(loop_count=3, break_conditions=(at_least("{{#start.max#}}"),))

        assert [(str(each.selector), each.field) for each in config.inner_references()] == [
            ("loop.total", "break_conditions.0.variable_selector"),
            ("start.max", "break_conditions.0.value"),
        ]


class TestFaults:
    @pytest.mark.parametrize("count", [1, MAX_ROUNDS])
    def test_a_sound_loop_has_none(self, count: int) -> None:
        config = LoopConfig(
            loop_count=count,
            break_conditions=(at_least("9"),),
            loop_variables=(variable(["start", "count"]),),
        )

        assert faults(config) == []

    @pytest.mark.parametrize("count", [0, MAX_ROUNDS + 1])
    def test_the_number_of_rounds_is_limited(self, count: int) -> None:
        assert faults(LoopConfig(loop_count=count)) == [("number_out_of_range", "loop_count")]

    def test_a_condition_that_cannot_be_decided_is_one(self) -> None:
        config = LoopConfig(loop_count=3, break_conditions=(at_least("many"),))

        assert faults(config) == [("condition_value_invalid", "break_conditions.0.value")]

    def test_each_variable_needs_a_name_of_its_own(self) -> None:
        twice = variable(0, ValueSource.CONSTANT)
        rounds = LoopVariable(label="loop_round", var_type=ValueType.NUMBER, value=0)
        config = LoopConfig(loop_count=3, loop_variables=(twice, twice, rounds))

        assert faults(config) == [("duplicate_variable", "loop_variables")] * 2

    def test_a_variable_that_names_no_output_is_one(self) -> None:
        config = LoopConfig(loop_count=3, loop_variables=(variable("start.count"),))

        assert faults(config) == [("selector_invalid", "loop_variables.0.value")]
