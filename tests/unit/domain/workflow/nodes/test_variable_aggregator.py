"""An aggregator takes the first value there is, of each group."""

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.nodes.variable_aggregator import (
    AggregationGroup,
    AggregationSettings,
    VariableAggregatorConfig,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at, pool_of


def plain(*selectors: str) -> VariableAggregatorConfig:
    return VariableAggregatorConfig(
        output_type=ValueType.STRING, variables=tuple(map(at, selectors))
    )


def grouped(*groups: tuple[str, list[str]], enabled: bool = True) -> VariableAggregatorConfig:
    return VariableAggregatorConfig(
        variables=(at("b.text"),),
        advanced_settings=AggregationSettings(
            group_enabled=enabled,
            groups=tuple(
                AggregationGroup(group_name=name, variables=tuple(map(at, selectors)))
                for name, selectors in groups
            ),
        ),
    )


@pytest.mark.parametrize("value", ["text", "", None, 0, [], {}])
def test_the_first_variable_that_has_a_value_wins_even_an_empty_one(value: JsonValue) -> None:
    pool = pool_of(b={"text": value}, c={"text": "later"})

    assert plain("a.text", "b.text", "c.text").gather(pool) == {"output": value}


def test_where_none_has_a_value_nothing_is_put_out() -> None:
    assert plain("a.text").gather(pool_of()) == {}


def test_each_group_is_an_object_with_its_value_in_it() -> None:
    config = grouped(("first", ["a.text", "b.text"]), ("second", ["b.n"]), ("third", ["a.n"]))

    gathered = config.gather(pool_of(b={"text": "x", "n": 1}))

    assert gathered == {"first": {"output": "x"}, "second": {"output": 1}}


def test_groups_that_are_not_enabled_do_not_count() -> None:
    config = grouped(("first", ["a.text"]), enabled=False)

    assert config.gather(pool_of(b={"text": "x"})) == {"output": "x"}
    assert config.outputs() == {"output": ValueType.ANY}


def test_what_is_put_out_has_a_type() -> None:
    assert plain("a.text").outputs() == {"output": ValueType.STRING}
    assert grouped(("first", ["a.text"])).outputs() == {"first": ValueType.OBJECT}


def test_no_variable_needs_to_have_a_value() -> None:
    references = [*plain("a.text").references(), *grouped(("g", ["a.text"])).references()]

    assert [(reference.field, reference.optional) for reference in references] == [
        ("variables.0", True),
        ("advanced_settings.groups.0.variables.0", True),
    ]
    assert [ValueType.NUMBER.fits(reference.accepts) for reference in references] == [False, True]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (plain("a.text"), []),
        (plain(), [("variables_missing", "variables")]),
        (grouped(), [("group_missing", "advanced_settings.groups")]),
        (
            grouped(("g", [])),
            [("variables_missing", "advanced_settings.groups.0.variables")],
        ),
        (
            grouped(("no name", ["a.text"])),
            [("name_invalid", "advanced_settings.groups.0.group_name")],
        ),
        (
            grouped(("g", ["a.text"]), ("g", ["b.text"])),
            [
                ("duplicate_variable", "advanced_settings.groups.0.group_name"),
                ("duplicate_variable", "advanced_settings.groups.1.group_name"),
            ],
        ),
    ],
)
def test_faults(config: VariableAggregatorConfig, expected: list[tuple[str, str]]) -> None:
    assert [(fault.code, fault.field) for fault in config.faults()] == expected
