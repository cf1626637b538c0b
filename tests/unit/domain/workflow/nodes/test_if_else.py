"""The cases of an if-else node: which is chosen, and which could never be."""

import pytest

from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import Condition
from dify_hex.domain.workflow.nodes.if_else import MAX_CASES, Case, IfElseConfig
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at, pool_of

POOL = pool_of(start={"n": 5})


def case(case_id: str, *limits: str, logic: str = "and") -> Case:
    """A case that holds where `start.n` is greater than the limits."""
    return Case(
        case_id=case_id,
        logical_operator=LogicalOperator(logic),
        conditions=tuple(
            Condition(
                variable_selector=at("start.n"),
                comparison_operator=ComparisonOperator.GREATER,
                value=limit,
            )
            for limit in limits
        ),
    )


def config(*cases: Case) -> IfElseConfig:
    return IfElseConfig(cases=cases)


@pytest.mark.parametrize(
    ("cases", "chosen"),
    [
        ([case("high", "9"), case("low", "1")], "low"),
        ([case("a", "1"), case("b", "1")], "a"),
        ([case("high", "9")], None),
        ([case("all", "1", "9")], None),
        ([case("any", "1", "9", logic="or")], "any"),
    ],
)
def test_the_first_case_that_holds_is_chosen(cases: list[Case], chosen: str | None) -> None:
    found = config(*cases).choose(POOL)

    assert (None if found is None else found.case_id) == chosen


def test_every_case_is_a_way_out_and_else_is_one_more() -> None:
    assert config(case("a", "1"), case("b", "2")).handles() == ("a", "b", "false")


def test_the_choice_can_be_selected() -> None:
    assert config().outputs() == {
        "result": ValueType.BOOLEAN,
        "selected_case_id": ValueType.STRING,
    }


def test_references_name_the_field_they_stand_in() -> None:
    found = config(case("a", "1"), case("b", "1", "{{#start.m#}}")).references()

    assert [reference.field for reference in found] == [
        "cases.0.conditions.0.variable_selector",
        "cases.1.conditions.0.variable_selector",
        "cases.1.conditions.1.variable_selector",
        "cases.1.conditions.1.value",
    ]


def faults(*cases: Case) -> list[tuple[str, str]]:
    return [(fault.code, fault.field) for fault in config(*cases).faults()]


def test_good_cases_have_no_faults() -> None:
    assert faults(case("true", "1"), case("other", "2")) == []


@pytest.mark.parametrize("count", [0, MAX_CASES + 1])
def test_the_number_of_cases_is_limited(count: int) -> None:
    assert faults(*(case(f"case {n}", "1") for n in range(count))) == [("case_count", "cases")]


@pytest.mark.parametrize("reserved", ["", "false", "source", "fail-branch"])
def test_a_case_cannot_be_called_like_another_way_out(reserved: str) -> None:
    assert faults(case(reserved, "1")) == [("case_id_reserved", "cases.0.case_id")]


def test_each_case_needs_an_id_of_its_own() -> None:
    assert faults(case("a", "1"), case("a", "2")) == [
        ("case_id_duplicate", "cases.0.case_id"),
        ("case_id_duplicate", "cases.1.case_id"),
    ]


def test_a_case_that_asks_nothing_is_a_fault() -> None:
    assert faults(case("a")) == [("condition_missing", "cases.0.conditions")]


def test_so_is_a_condition_that_cannot_be_decided() -> None:
    assert faults(case("a", "1", "many")) == [
        ("condition_value_invalid", "cases.0.conditions.1.value")
    ]
