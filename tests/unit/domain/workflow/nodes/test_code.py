"""What a function gets and returns, and what keeps it from being run."""

from dataclasses import replace

import pytest

from dify_hex.domain.workflow.nodes.code import (
    MAX_CODE_LENGTH,
    MAX_DEPENDENCIES,
    MAX_OUTPUTS,
    CodeBounds,
    CodeConfig,
    CodeDependency,
    CodeLanguage,
    CodeOutput,
    CodeVariable,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import selector


def codes(config: CodeConfig) -> set[tuple[str, str]]:
    assert all(fault.message.endswith(".") for fault in config.faults())
    return {(fault.code, fault.field) for fault in config.faults()}


COUNT = CodeOutput(type=ValueType.NUMBER)


def code(
    source: str = "def main(): ...",
    *variables: CodeVariable,
    returns: dict[str, CodeOutput] | None = None,
    dependencies: tuple[CodeDependency, ...] = (),
) -> CodeConfig:
    return CodeConfig(
        code_language=CodeLanguage.PYTHON,
        code=source,
        variables=variables,
        returns={"count": COUNT} if returns is None else returns,
        dependencies=dependencies,
    )


def variable(name: str, kind: ValueType = ValueType.ANY) -> CodeVariable:
    return CodeVariable(variable=name, value_selector=selector("start.rows"), value_type=kind)


def described(levels: int) -> CodeOutput:
    children = {"inner": described(levels - 1)} if levels > 1 else None
    return CodeOutput(type=ValueType.OBJECT, children=children)


def test_what_main_returns_can_be_selected() -> None:
    assert code().outputs() == {"count": ValueType.NUMBER}


def test_an_argument_may_ask_for_a_type() -> None:
    any_kind, number = code("x", variable("a"), variable("b", ValueType.NUMBER)).references()

    assert any_kind.field == "variables.0.value_selector"
    assert any_kind.accepts == frozenset()
    assert number.accepts == {ValueType.NUMBER}


@pytest.mark.parametrize(
    "sound",
    [
        code("x", variable("a"), variable("b")),
        code(returns={"rows": CodeOutput(type=ValueType.OBJECTS, children={"count": COUNT})}),
        code(returns={"deep": described(5)}),
        code(dependencies=(CodeDependency(name="numpy", version="2.0"),)),
        code(returns={"made": CodeOutput(type=ValueType.FILES)}),
    ],
)
def test_sound_code_has_no_faults(sound: CodeConfig) -> None:
    assert codes(sound) == set()


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        (code(" "), ("code_missing", "code")),
        (code("x" * (MAX_CODE_LENGTH + 1)), ("code_too_long", "code")),
        (code("x", variable("a-b")), ("name_invalid", "variables.0.variable")),
        (
            code("x", variable("a"), variable("a")),
            ("duplicate_variable", "variables.1.variable"),
        ),
        (code(returns={}), ("code_outputs_count", "returns")),
        (
            code(returns={f"n{i}": COUNT for i in range(MAX_OUTPUTS + 1)}),
            ("code_outputs_count", "returns"),
        ),
        (code(returns={"a-b": COUNT}), ("name_invalid", "returns.a-b")),
        (
            code(returns={"a": CodeOutput(type=ValueType.SECRET)}),
            ("code_output_type", "returns.a.type"),
        ),
        (
            code(returns={"a": CodeOutput(type=ValueType.STRING, children={"b": COUNT})}),
            ("code_output_children", "returns.a.children"),
        ),
        (
            code(returns={"deep": described(6)}),
            (
                "code_output_too_deep",
                "returns.deep.children.inner.children.inner.children.inner.children.inner.children",
            ),
        ),
        (
            code(dependencies=(CodeDependency(name="a"),) * (MAX_DEPENDENCIES + 1)),
            ("code_dependencies_count", "dependencies"),
        ),
        (code(dependencies=(CodeDependency(name=""),)), ("name_invalid", "dependencies.0.name")),
    ],
)
def test_each_fault_is_told_with_its_field(faulty: CodeConfig, fault: tuple[str, str]) -> None:
    assert fault in codes(faulty)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (CodeBounds(seconds=0), "seconds"),
        (CodeBounds(seconds=601), "seconds"),
        (CodeBounds(memory_megabytes=0), "memory_megabytes"),
        (CodeBounds(output_megabytes=4097), "output_megabytes"),
    ],
)
def test_limits_have_limits(limits: CodeBounds, name: str) -> None:
    assert codes(replace(code(), limits=limits)) == {("number_out_of_range", f"limits.{name}")}
