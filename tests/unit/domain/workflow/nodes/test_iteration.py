"""An iteration's settings: how many items at a time, what is seen inside, and what is wrong."""

import pytest

from dify_hex.domain.workflow.nodes.iteration import MAX_PARALLEL, IterationConfig
from dify_hex.domain.workflow.variables.value_type import ARRAYS, ValueType
from tests.builders.variables import at

EACH = IterationConfig(
    iterator_selector=at("start.names"),
    output_selector=at("greet.text"),
    iterator_input_type=ValueType.STRINGS,
)


def parallel(number: int, *, enabled: bool = True) -> IterationConfig:
    return IterationConfig(
        iterator_selector=at("start.names"),
        output_selector=at("greet.text"),
        is_parallel=enabled,
        parallel_nums=number,
    )


def test_items_follow_each_other_unless_they_may_run_together() -> None:
    assert EACH.at_a_time == 1
    assert parallel(4).at_a_time == 4
    assert parallel(4, enabled=False).at_a_time == 1


@pytest.mark.parametrize(
    ("declared", "put_out"),
    [
        (ValueType.NUMBERS, ValueType.NUMBERS),
        (ValueType.ARRAY, ValueType.ARRAY),
        (ValueType.STRING, ValueType.ARRAY),
    ],
)
def test_what_is_collected_is_a_list(declared: ValueType, put_out: ValueType) -> None:
    config = IterationConfig(
        iterator_selector=at("start.names"),
        output_selector=at("greet.text"),
        output_type=declared,
    )

    assert config.outputs() == {"output": put_out}


def test_children_see_the_item_and_its_number() -> None:
    assert EACH.scope_variables() == {"item": ValueType.STRING, "index": ValueType.INTEGER}


def test_it_needs_a_list_and_collects_what_its_children_put_out() -> None:
    (items,) = EACH.references()
    (collected,) = EACH.inner_references()

    assert (items.selector, items.field, items.accepts) == (
        at("start.names"),
        "iterator_selector",
        ARRAYS,
    )
    assert (collected.selector, collected.field) == (at("greet.text"), "output_selector")
    assert collected.optional


@pytest.mark.parametrize("number", [1, MAX_PARALLEL])
def test_the_number_of_items_at_a_time_has_its_bounds(number: int) -> None:
    assert list(parallel(number).faults()) == []


@pytest.mark.parametrize("number", [0, -1, MAX_PARALLEL + 1])
def test_a_number_beyond_them_is_a_fault(number: int) -> None:
    assert [(fault.code, fault.field) for fault in parallel(number).faults()] == [
        ("number_out_of_range", "parallel_nums")
    ]
