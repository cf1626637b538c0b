"""Conditions read their values from the run, and say what they need before it begins."""

import pytest

from dify_hex.domain.shared.values.file_reference import FileKind
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import (
    Condition,
    ConditionGroup,
    SubCondition,
    SubConditionGroup,
)
from dify_hex.domain.workflow.errors import ConditionUndecidable, VariableMissing
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at, file, pool_of

FILES = [
    file("cat.png", size=10).to_json(),
    file("terms.pdf", FileKind.DOCUMENT, size=2000).to_json(),
]
POOL = pool_of(
    a={"text": "apple", "n": 5, "null": None, "tags": ["x"], "files": FILES, "none": []},
    mixed={"files": [*FILES, "text"]},
)


def condition(selector: str, operator: str, value: JsonValue = None) -> Condition:
    return Condition(
        variable_selector=at(selector),
        comparison_operator=ComparisonOperator(operator),
        value=value,
    )


def of_files(operator: str, *subs: SubCondition, logic: str = "and", of: str = "a.files") -> bool:
    return Condition(
        variable_selector=at(of),
        comparison_operator=ComparisonOperator(operator),
        sub_variable_condition=SubConditionGroup(
            logical_operator=LogicalOperator(logic), conditions=subs
        ),
    ).holds(POOL)


def sub(key: str, operator: str, value: JsonValue = None) -> SubCondition:
    return SubCondition(key=key, comparison_operator=ComparisonOperator(operator), value=value)


def group(logic: str, *conditions: Condition) -> ConditionGroup:
    return ConditionGroup(logical_operator=LogicalOperator(logic), conditions=conditions)


TRUE = condition("a.text", "is", "apple")
FALSE = condition("a.text", "is", "pear")
MISSING = condition("b.text", "is", "apple")


class TestOneCondition:
    def test_references_in_the_expected_text_are_replaced_first(self) -> None:
        assert condition("a.text", "is", "{{#a.text#}}").holds(POOL)
        assert condition("a.n", "=", "{{#a.n#}}").holds(POOL)
        assert condition("a.text", "contains", "pp").holds(POOL)

    def test_so_are_those_in_an_expected_list(self) -> None:
        assert condition("a.text", "in", ["pear", "{{#a.text#}}"]).holds(POOL)

    @pytest.mark.parametrize("operator", ["is", "contains", "=", "in", "not in", "not contains"])
    def test_a_missing_value_is_an_error_that_names_its_selector(self, operator: str) -> None:
        with pytest.raises(VariableMissing) as caught:
            condition("b.text", operator, "x").holds(POOL)

        assert caught.value.details == {"selector": "b.text"}

    @pytest.mark.parametrize(
        ("operator", "answer"),
        [
            ("exists", False),
            ("not exists", True),
            ("null", True),
            ("not null", False),
            ("empty", True),
            ("not empty", False),
        ],
    )
    def test_whether_a_value_is_there_can_be_asked_of_a_missing_one(
        self, operator: str, answer: bool
    ) -> None:
        assert condition("b.text", operator).holds(POOL) is answer

    def test_a_value_of_the_wrong_type_is_an_error_that_says_what_is_needed(self) -> None:
        with pytest.raises(ConditionUndecidable) as caught:
            condition("a.n", "start with", "5").holds(POOL)

        assert caught.value.details == {
            "selector": "a.n",
            "operator": "start with",
            "reason": "only texts begin or end with something",
        }


class TestFiles:
    @pytest.mark.parametrize(
        ("operator", "key", "asked", "value", "answer"),
        [
            ("contains", "type", "in", ["image"], True),
            ("contains", "type", "in", ["video"], False),
            ("contains", "extension", "is", "pdf", True),
            ("contains", "extension", "is", ".pdf", True),
            ("contains", "extension", "is", "", False),
            ("contains", "size", ">", "1000", True),
            ("contains", "name", "not contains", "cat", False),
            ("contains", "name", "not contains", "dog", True),
            ("contains", "related_id", "exists", None, False),
            ("contains", "url", "start with", "https://{{#a.text#}}", False),
            ("contains", "mime_type", "is", "application/octet-stream", True),
            ("contains", "transfer_method", "in", ["remote_url"], True),
            ("not contains", "type", "in", ["image"], False),
            ("not contains", "type", "in", ["video"], True),
            ("all of", "type", "in", ["image"], False),
            ("all of", "type", "in", ["image", "document"], True),
            ("all of", "size", "≥", 10, True),
        ],
    )
    def test_files_are_asked_for_their_attributes(
        self, operator: str, key: str, asked: str, value: JsonValue, answer: bool
    ) -> None:
        assert of_files(operator, sub(key, asked, value)) is answer

    def test_several_questions_are_joined(self) -> None:
        image, huge = sub("type", "in", ["image"]), sub("size", ">", "9999")

        assert not of_files("contains", image, huge)
        assert of_files("contains", image, huge, logic="or")

    @pytest.mark.parametrize(
        ("operator", "answer"), [("contains", False), ("not contains", True), ("all of", False)]
    )
    def test_no_files_contain_nothing(self, operator: str, answer: bool) -> None:
        plain = condition("a.none", operator, ["x"] if operator == "all of" else "x")

        assert plain.holds(POOL) is answer
        assert of_files(operator, sub("type", "in", ["image"]), of="a.none") is answer

    def test_a_list_of_files_needs_to_be_told_which_attribute_is_meant(self) -> None:
        with pytest.raises(ConditionUndecidable):
            condition("a.files", "contains", "cat").holds(POOL)

    def test_a_list_with_anything_else_is_a_plain_list(self) -> None:
        assert condition("mixed.files", "contains", "text").holds(POOL)

    def test_an_attribute_that_the_operator_does_not_apply_to_is_an_error(self) -> None:
        with pytest.raises(ConditionUndecidable):
            of_files("contains", sub("size", "start with", "1"))


class TestGroups:
    def test_all_or_any_must_hold(self) -> None:
        assert group("and", TRUE, TRUE).holds(POOL)
        assert not group("and", TRUE, FALSE).holds(POOL)
        assert group("or", FALSE, TRUE).holds(POOL)
        assert not group("or", FALSE, FALSE).holds(POOL)

    def test_what_cannot_change_the_answer_is_not_asked(self) -> None:
        assert not group("and", FALSE, MISSING).holds(POOL)
        assert group("or", TRUE, MISSING).holds(POOL)

    @pytest.mark.parametrize("logic", ["and", "or"])
    def test_without_conditions_nothing_holds(self, logic: str) -> None:
        assert not group(logic).holds(POOL)


class TestReferences:
    def test_selectors_and_templates_are_named_with_their_fields(self) -> None:
        conditions = group(
            "and",
            condition("a.n", ">", "{{#b.n#}}"),
            condition("a.text", "in", ["{{#c.x#}}", "y"]),
            condition("d.e", "exists", "{{#never.read#}}"),
            Condition(
                variable_selector=at("a.files"),
                comparison_operator=ComparisonOperator.CONTAINS,
                sub_variable_condition=SubConditionGroup(
                    conditions=(sub("name", "is", "{{#f.name#}}"), sub("size", ">", 1))
                ),
            ),
        )

        found = list(conditions.references("cases.0.conditions"))

        assert [(str(reference.selector), reference.field) for reference in found] == [
            ("a.n", "cases.0.conditions.0.variable_selector"),
            ("b.n", "cases.0.conditions.0.value"),
            ("a.text", "cases.0.conditions.1.variable_selector"),
            ("c.x", "cases.0.conditions.1.value"),
            ("d.e", "cases.0.conditions.2.variable_selector"),
            ("a.files", "cases.0.conditions.3.variable_selector"),
            ("f.name", "cases.0.conditions.3.sub_variable_condition.conditions.0.value"),
        ]
        assert [reference.optional for reference in found].index(True) == 4

    def test_an_operator_accepts_the_types_that_it_applies_to(self) -> None:
        (reference,) = condition("a.n", ">", 1).references("x")

        assert ValueType.INTEGER.fits(reference.accepts)
        assert not ValueType.STRING.fits(reference.accepts)

    def test_a_secret_may_be_compared_and_asked_for(self) -> None:
        asked = group(
            "and", condition("env.token", "exists"), condition("a.x", "is", "{{#env.t#}}")
        )

        found = list(asked.references("x"))

        assert all(ValueType.SECRET in reference.accepts for reference in found)


class TestFaults:
    @pytest.mark.parametrize(
        ("operator", "value"),
        [
            ("is", None),
            ("in", "a"),
            ("all of", None),
            ("contains", ["a"]),
            (">", "many"),
            (">", "[1]"),
            ("=", "many"),
            ("<", ""),
        ],
    )
    def test_a_value_that_can_never_be_compared_is_one(
        self, operator: str, value: JsonValue
    ) -> None:
        (fault,) = group("and", condition("a.n", operator, value)).faults("conditions")

        assert (fault.code, fault.field) == ("condition_value_invalid", "conditions.0.value")

    @pytest.mark.parametrize(
        ("operator", "value"),
        [
            ("is", ""),
            ("empty", None),
            ("in", []),
            (">", "5.5"),
            (">", "{{#a.n#}}"),
            ("=", "true"),
            ("≠", 5),
        ],
    )
    def test_a_value_that_can_be_is_none(self, operator: str, value: JsonValue) -> None:
        assert not list(group("and", condition("a.n", operator, value)).faults("conditions"))

    def test_questions_about_files_are_looked_at_one_by_one(self) -> None:
        def faults(operator: str, *subs: SubCondition) -> list[tuple[str, str]]:
            asked = Condition(
                variable_selector=at("a.files"),
                comparison_operator=ComparisonOperator(operator),
                sub_variable_condition=SubConditionGroup(conditions=subs),
            )
            return [(fault.code, fault.field) for fault in asked.faults("c")]

        subs = "c.sub_variable_condition"
        assert faults("contains", sub("name", "is", "x")) == []
        assert faults("is", sub("name", "is", "x")) == [("condition_of_files_unexpected", subs)]
        assert faults("contains") == [("condition_missing", f"{subs}.conditions")]
        assert faults("all of", sub("owner", "is")) == [
            ("condition_key_unknown", f"{subs}.conditions.0.key"),
            ("condition_value_invalid", f"{subs}.conditions.0.value"),
        ]
