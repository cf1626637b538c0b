"""Inputs of every type: what they take, what stands in for them, and how they may be declared."""

import pytest

from dify_hex.domain.shared.values.file_reference import FileKind, TransferMethod
from dify_hex.domain.shared.values.file_rule import MAX_FILES, FileRule
from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.start_variables import (
    MAX_DESCRIPTION_LENGTH,
    MAX_OBJECT_LENGTH,
    StartInputType,
    StartVariable,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import file

FILE = file().to_json()
ID = "0198c2b2-0000-7000-8000-000000000000"


def variable(
    kind: str,
    *,
    required: bool = False,
    default: JsonValue = None,
    max_length: int | None = None,
    options: tuple[str, ...] = (),
) -> StartVariable:
    return StartVariable(
        variable="x",
        type=StartInputType(kind),
        required=required,
        default=default,
        max_length=max_length,
        options=options,
    )


SELECT = variable("select", options=("new", "expert"))


@pytest.mark.parametrize(
    ("kind", "value_type"),
    [
        ("text-input", ValueType.STRING),
        ("paragraph", ValueType.STRING),
        ("select", ValueType.STRING),
        ("number", ValueType.NUMBER),
        ("checkbox", ValueType.BOOLEAN),
        ("file", ValueType.FILE),
        ("file-list", ValueType.FILES),
        ("json_object", ValueType.OBJECT),
    ],
)
def test_each_becomes_a_variable_of_a_type(kind: str, value_type: ValueType) -> None:
    assert StartInputType(kind).value_type is value_type


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (variable("text-input"), "text"),
        (variable("text-input", max_length=4), "text"),
        (variable("paragraph"), "a\nb"),
        (SELECT, "expert"),
        (variable("number"), 5),
        (variable("number"), -2.5),
        (variable("checkbox"), False),
        (variable("file"), ID),
        (variable("file"), FILE),
        (variable("file"), {"transfer_method": "remote_url", "url": "https://x.example/a"}),
        (variable("file-list"), [ID, FILE]),
        (variable("file-list", max_length=1), [ID]),
        (variable("json_object"), {"a": [1]}),
        (variable("json_object"), {}),
    ],
)
def test_what_fits_is_taken(declared: StartVariable, value: JsonValue) -> None:
    assert declared.problem_with(value) is None


@pytest.mark.parametrize(
    ("declared", "value", "code"),
    [
        (variable("text-input"), 5, "input_wrong_type"),
        (variable("text-input", max_length=3), "text", "input_too_long"),
        (variable("text-input"), "a" * 1001, "input_too_long"),
        (variable("paragraph"), ["text"], "input_wrong_type"),
        (SELECT, "old", "input_not_an_option"),
        (variable("number"), "5", "input_wrong_type"),
        (variable("number"), True, "input_wrong_type"),
        (variable("number"), 1e300, "input_wrong_type"),
        (variable("checkbox"), "true", "input_wrong_type"),
        (variable("checkbox"), 1, "input_wrong_type"),
        (variable("file"), 5, "input_wrong_type"),
        (variable("file"), [FILE], "input_wrong_type"),
        (variable("file-list"), FILE, "input_wrong_type"),
        (variable("file-list"), ID, "input_wrong_type"),
        (variable("file-list"), [ID, 5], "input_wrong_type"),
        (variable("file-list", max_length=1), [ID, ID], "input_too_many_files"),
        (variable("file-list"), [ID] * 6, "input_too_many_files"),
        (variable("json_object"), "{}", "input_wrong_type"),
        (variable("json_object"), [], "input_wrong_type"),
        (variable("json_object"), FILE, "input_wrong_type"),
        (variable("json_object"), {"a": "a" * MAX_OBJECT_LENGTH}, "input_too_long"),
    ],
)
def test_what_does_not_is_refused_by_name(
    declared: StartVariable, value: JsonValue, code: str
) -> None:
    problem = declared.problem_with(value)

    assert problem is not None
    assert (problem.code, problem.path) == (code, "inputs.x")
    assert "`x`" in problem.message


@pytest.mark.parametrize(
    ("declared", "value", "is_missing"),
    [
        (variable("text-input", required=True), "  ", True),
        (variable("text-input"), "", False),
        (variable("number"), None, True),
        (variable("number"), 0, False),
        (variable("checkbox"), False, False),
        (variable("file"), "", True),
        (variable("file"), None, True),
        (variable("file-list"), [], True),
        (variable("file-list"), [ID], False),
        (variable("json_object"), None, True),
        (variable("json_object"), {}, False),
    ],
)
def test_an_input_can_be_missing_though_it_was_sent(
    declared: StartVariable, value: JsonValue, is_missing: bool
) -> None:
    assert declared.is_missing(value) is is_missing


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (variable("text-input"), ""),
        (variable("text-input", default="usual"), "usual"),
        (variable("number"), None),
        (variable("number", default=0), 0),
        (variable("checkbox"), False),
        (variable("checkbox", default=True), True),
        (variable("file"), None),
        (variable("file-list"), []),
        (variable("json_object"), None),
        (variable("json_object", default={"a": 1}), {"a": 1}),
    ],
)
def test_something_stands_in_for_what_was_left_out(
    declared: StartVariable, value: JsonValue
) -> None:
    assert declared.value_when_missing() == value


def test_files_are_taken_by_kind_extension_way_and_number() -> None:
    declared = StartVariable(
        variable="x",
        type=StartInputType.FILE_LIST,
        max_length=3,
        allowed_file_types=(FileKind.IMAGE, FileKind.CUSTOM),
        allowed_file_extensions=("PDF", ".md"),
        allowed_file_upload_methods=(TransferMethod.LOCAL_FILE,),
    )

    assert declared.file_rule == FileRule(
        kinds=frozenset({FileKind.IMAGE, FileKind.CUSTOM}),
        extensions=frozenset({".pdf", ".md"}),
        methods=frozenset({TransferMethod.LOCAL_FILE}),
        max_count=3,
    )


def test_one_file_is_one_and_nothing_else_takes_any() -> None:
    assert variable("file").file_rule == FileRule(max_count=1)
    assert variable("json_object").file_rule is None


@pytest.mark.parametrize("plain", VariableType)
def test_an_apps_own_variable_is_declared_the_same_way(plain: VariableType) -> None:
    own = InputVariable(
        name="x",
        type=plain,
        label="X",
        required=False,
        hidden=True,
        options=("new", "expert") if plain is VariableType.SELECT else (),
    )

    like = StartVariable.like(own)

    assert (like.variable, like.label, like.required, like.hide) == ("x", "X", False, True)
    assert like.value_when_missing() == own.value_when_missing()
    assert list(like.faults("variables.0")) == []


def faults(declared: StartVariable) -> list[tuple[str, str]]:
    return [(fault.code, fault.path) for fault in declared.faults("variables.0")]


@pytest.mark.parametrize("kind", StartInputType)
def test_a_plain_declaration_has_no_faults(kind: StartInputType) -> None:
    assert faults(SELECT if kind is StartInputType.SELECT else variable(kind)) == []


@pytest.mark.parametrize(
    ("declared", "code", "field"),
    [
        (StartVariable(variable="no name"), "variable_name_invalid", "variable"),
        (StartVariable(variable="x", label="a" * 201), "variable_label_too_long", "label"),
        (
            StartVariable(variable="x", description="a" * (MAX_DESCRIPTION_LENGTH + 1)),
            "variable_description_too_long",
            "description",
        ),
        (variable("text-input", max_length=0), "variable_max_length_invalid", "max_length"),
        (variable("number", max_length=5), "variable_max_length_invalid", "max_length"),
        (variable("file", max_length=5), "variable_max_length_invalid", "max_length"),
        (variable("file-list", max_length=0), "variable_max_length_invalid", "max_length"),
        (
            variable("file-list", max_length=MAX_FILES + 1),
            "variable_max_length_invalid",
            "max_length",
        ),
        (variable("select"), "variable_options_count", "options"),
        (variable("file", options=("a",)), "variable_options_unexpected", "options"),
        (variable("number", default="5"), "variable_default_invalid", "default"),
        (variable("text-input", default=["a"]), "variable_default_invalid", "default"),
        (variable("json_object", default=[1]), "variable_default_invalid", "default"),
        (
            StartVariable(variable="x", allowed_file_types=(FileKind.IMAGE,)),
            "variable_files_unexpected",
            "allowed_file_types",
        ),
        (
            StartVariable(variable="x", allowed_file_extensions=("pdf",)),
            "variable_files_unexpected",
            "allowed_file_extensions",
        ),
        (
            StartVariable(variable="x", allowed_file_upload_methods=(TransferMethod.REMOTE_URL,)),
            "variable_files_unexpected",
            "allowed_file_upload_methods",
        ),
        (
            StartVariable(variable="x", json_schema={"type": "object"}),
            "variable_schema_unexpected",
            "json_schema",
        ),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_a_fault(
    declared: StartVariable, code: str, field: str
) -> None:
    assert faults(declared) == [(code, f"variables.0.{field}")]


def test_an_object_may_have_a_schema() -> None:
    schema: JsonObject = {"type": "object"}

    assert (
        faults(StartVariable(variable="x", type=StartInputType.JSON_OBJECT, json_schema=schema))
        == []
    )
