"""Assignments follow each other, each on what those before it have made."""

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.assignments import Operation
from dify_hex.domain.workflow.errors import AssignmentRefused, VariableMissing
from dify_hex.domain.workflow.nodes.assigner import AssignerConfig, AssignmentItem, InputType
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at, pool_of

COUNT, NOTES = at("conversation.count"), at("conversation.notes")


def constant(selector: str, operation: str, value: JsonValue = None) -> AssignmentItem:
    return AssignmentItem(
        variable_selector=at(selector),
        operation=Operation(operation),
        input_type=InputType.CONSTANT,
        value=value,
    )


def variable(selector: str, operation: str, value: JsonValue = None) -> AssignmentItem:
    return AssignmentItem(
        variable_selector=at(selector), operation=Operation(operation), value=value
    )


def assigned(*items: AssignmentItem) -> dict[str, JsonValue]:
    pool = pool_of(conversation={"count": 1, "notes": ["a"]}, llm={"text": "b", "object": {"n": 3}})
    changes = AssignerConfig(items=items).assign(pool)
    assert pool.get(COUNT) == 1
    return {str(selector): value for selector, value in changes.items()}


def test_values_come_from_constants_and_from_other_nodes() -> None:
    assert assigned(
        constant("conversation.count", "+=", 1),
        variable("conversation.notes", "append", ["llm", "text"]),
    ) == {"conversation.count": 2, "conversation.notes": ["a", "b"]}


def test_a_value_may_be_deep_inside_of_another() -> None:
    item = variable("conversation.count", "set", ["llm", "object", "n"])

    assert assigned(item) == {"conversation.count": 3}


def test_each_change_sees_those_before_it() -> None:
    assert assigned(
        constant("conversation.count", "+=", 1),
        constant("conversation.count", "*=", 5),
        variable("conversation.notes", "append", ["conversation", "count"]),
        variable("conversation.notes", "remove-first"),
    ) == {"conversation.count": 10, "conversation.notes": [10]}


@pytest.mark.parametrize(
    "item",
    [
        constant("conversation.missing", "set", 1),
        variable("conversation.count", "set", ["llm", "missing"]),
    ],
)
def test_what_is_missing_fails_the_node(item: AssignmentItem) -> None:
    with pytest.raises(VariableMissing):
        assigned(item)


def test_what_cannot_be_done_names_the_variable_and_the_operation() -> None:
    with pytest.raises(AssignmentRefused) as caught:
        assigned(constant("conversation.count", "append", 1))

    assert caught.value.details == {
        "selector": "conversation.count",
        "operation": "append",
        "reason": "the variable must be a list",
    }


def test_a_conversation_keeps_no_value_of_any_size() -> None:
    pool = pool_of(conversation={"text": ""}, loop={"text": ""}, llm={"text": "x" * 1_000_001})
    kept, passing = (
        AssignerConfig(items=(variable(target, "over-write", ["llm", "text"]),))
        for target in ("conversation.text", "loop.text")
    )

    with pytest.raises(AssignmentRefused) as caught:
        kept.assign(pool)
    assert (
        caught.value.details["reason"] == "a value grows to 1,000,000 values and characters at most"
    )
    assert passing.assign(pool) == {at("loop.text"): "x" * 1_000_001}


def test_it_assigns_its_targets_and_needs_its_sources() -> None:
    config = AssignerConfig(
        items=(
            variable("conversation.count", "+=", ["llm", "n"]),
            constant("conversation.notes", "append", "x"),
            variable("conversation.mood", "clear", ["never", "read"]),
        )
    )

    targets, sources = list(config.assigns()), list(config.references())

    assert [(str(each.selector), each.field) for each in targets] == [
        ("conversation.count", "items.0.variable_selector"),
        ("conversation.notes", "items.1.variable_selector"),
        ("conversation.mood", "items.2.variable_selector"),
    ]
    assert [ValueType.STRING.fits(each.accepts) for each in targets] == [False, False, True]
    assert [(str(each.selector), each.field) for each in sources] == [("llm.n", "items.0.value")]
    assert not ValueType.STRING.fits(sources[0].accepts)
    assert config.outputs() == {}


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (variable("conversation.notes", "append", None), "selector_invalid"),
        (variable("conversation.notes", "append", "llm.text"), "selector_invalid"),
        (variable("conversation.notes", "append", ["llm"]), "selector_invalid"),
        (constant("conversation.count", "+=", "1"), "assignment_value_invalid"),
        (variable("conversation.notes", "append", ["llm", "text"]), None),
        (constant("conversation.count", "+=", 1), None),
        (variable("conversation.notes", "clear"), None),
    ],
)
def test_a_value_that_cannot_be_meant_is_a_fault(item: AssignmentItem, code: str | None) -> None:
    found = [(fault.code, fault.field) for fault in AssignerConfig(items=(item,)).faults()]

    assert found == ([] if code is None else [(code, "items.0.value")])


def test_nothing_to_assign_is_a_fault() -> None:
    assert [fault.code for fault in AssignerConfig(items=()).faults()] == ["assignment_missing"]
