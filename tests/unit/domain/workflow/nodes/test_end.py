"""The end node names the run's outputs."""

import pytest

from dify_hex.domain.workflow.nodes.end import EndConfig, EndOutput
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at


def end(*names: str, kind: ValueType = ValueType.ANY) -> EndConfig:
    return EndConfig(
        run_outputs=tuple(
            EndOutput(variable=name, value_selector=at("llm.text"), value_type=kind)
            for name in names
        )
    )


def test_the_outputs_have_the_declared_types() -> None:
    assert end("text", kind=ValueType.STRING).outputs() == {"text": ValueType.STRING}


def test_each_output_needs_its_source_in_that_type() -> None:
    (typed,) = end("text", kind=ValueType.STRING).references()
    (open_,) = end("text").references()

    assert (typed.field, typed.optional) == ("run_outputs.0.value_selector", False)
    assert not ValueType.NUMBER.fits(typed.accepts)
    assert ValueType.NUMBER.fits(open_.accepts)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["a", "b"], []),
        (["1st"], [("name_invalid", "run_outputs.0.variable")]),
        (
            ["a", "a"],
            [
                ("duplicate_variable", "run_outputs.0.variable"),
                ("duplicate_variable", "run_outputs.1.variable"),
            ],
        ),
    ],
)
def test_faults(names: list[str], expected: list[tuple[str, str]]) -> None:
    assert [(fault.code, fault.field) for fault in end(*names).faults()] == expected
