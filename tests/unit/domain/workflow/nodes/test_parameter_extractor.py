"""The parameter-extractor's configuration: what it asks for, in which words."""

from dataclasses import replace

import pytest

from dify_hex.adapters.dsl.domain_forms import adapter_for
from dify_hex.domain.workflow.nodes.parameter_extractor import ParameterExtractorConfig
from dify_hex.domain.workflow.prompting.extracted_parameter import (
    ExtractedParameter,
    ParameterType,
)
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.workflow import MODEL


def parameter(
    name: str = "city", type: ParameterType = ParameterType.STRING, *options: str
) -> ExtractedParameter:
    return ExtractedParameter(name=name, type=type, options=options)


def config(*parameters: ExtractedParameter) -> ParameterExtractorConfig:
    return ParameterExtractorConfig(
        query=Selector(SYSTEM, "query"), model=MODEL, parameters=parameters or (parameter(),)
    )


@pytest.mark.parametrize(
    ("type", "output", "schema"),
    [
        (ParameterType.STRING, ValueType.STRING, {"type": "string"}),
        (ParameterType.NUMBER, ValueType.NUMBER, {"type": "number"}),
        (ParameterType.BOOLEAN, ValueType.BOOLEAN, {"type": "boolean"}),
        (ParameterType.BOOL, ValueType.BOOLEAN, {"type": "boolean"}),
        (ParameterType.STRINGS, ValueType.STRINGS, {"type": "array", "items": {"type": "string"}}),
        (ParameterType.NUMBERS, ValueType.NUMBERS, {"type": "array", "items": {"type": "number"}}),
        (
            ParameterType.BOOLEANS,
            ValueType.BOOLEANS,
            {"type": "array", "items": {"type": "boolean"}},
        ),
        (ParameterType.OBJECTS, ValueType.OBJECTS, {"type": "array", "items": {"type": "object"}}),
    ],
)
def test_each_type_has_its_output_and_its_schema(
    type: ParameterType, output: ValueType, schema: dict[str, object]
) -> None:
    of = config(parameter("p", type))

    assert of.outputs()["p"] is output
    assert of.schema["properties"] == {"p": {"description": "p", **schema}}


def test_a_selection_is_one_of_its_options() -> None:
    of = config(parameter("color", ParameterType.SELECT, "red", "blue"))

    assert of.outputs()["color"] is ValueType.STRING
    assert of.schema["properties"] == {
        "color": {"description": "color", "type": "string", "enum": ["red", "blue"]}
    }


def test_only_required_values_have_to_be_there() -> None:
    needed = replace(parameter("when"), required=True, description="When it shall be.")

    schema = config(parameter("city"), needed).schema

    assert schema["required"] == ["when"]
    assert schema["properties"] == {
        "city": {"description": "city", "type": "string"},
        "when": {"description": "When it shall be.", "type": "string"},
    }


def test_it_tells_how_the_search_went() -> None:
    outputs = config().outputs()

    assert outputs["__is_success"] is ValueType.NUMBER
    assert outputs["__reason"] is ValueType.STRING
    assert outputs["__usage"] is ValueType.OBJECT


def test_it_needs_the_text_and_what_the_instruction_shows() -> None:
    of = replace(config(), instruction="Only {{#start.country#}}")

    assert {reference.field: str(reference.selector) for reference in of.references()} == {
        "query": "sys.query",
        "instruction": "start.country",
    }


@pytest.mark.parametrize(
    ("parameters", "codes"),
    [
        ((parameter(),), []),
        ((parameter("a"), parameter("a")), ["parameter_name_invalid"] * 2),
        ((parameter("two words"),), ["parameter_name_invalid"]),
        ((parameter("__reason"),), ["parameter_name_invalid"]),
        ((parameter("color", ParameterType.SELECT),), ["parameter_options_missing"]),
    ],
)
def test_values_can_be_asked_for(
    parameters: tuple[ExtractedParameter, ...], codes: list[str]
) -> None:
    assert [fault.code for fault in config(*parameters).faults()] == codes


def test_without_parameters_there_is_nothing_to_look_for() -> None:
    faults = replace(config(), parameters=()).faults()

    assert [fault.code for fault in faults] == ["parameters_missing"]


def test_every_setting_is_read_from_json_and_written_back() -> None:
    adapter = adapter_for(ParameterExtractorConfig)
    written = {
        "query": ["sys", "query"],
        "model": {"provider": "openai", "model": "gpt-4o"},
        "parameters": [
            {"name": "city", "type": "string", "description": "Where.", "required": True},
            {"name": "stars", "type": "array[number]"},
            {"name": "board", "type": "select", "options": ["full", "half"]},
        ],
        "instruction": "Be exact.",
        "reasoning_mode": "prompt",
        "vision": {"enabled": False},
    }

    read = adapter.validate_python(written)

    assert isinstance(read, ParameterExtractorConfig)
    assert adapter.validate_json(adapter.dump_json(read)) == read
    assert list(read.faults()) == []
