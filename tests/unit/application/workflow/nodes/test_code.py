"""The code node hands its variables to the sandbox, and puts out what comes back."""

from dataclasses import replace

import pytest

from dify_hex.application.shared.code_failures import CodeOutputInvalid, SandboxTimeout
from dify_hex.application.shared.code_sandbox import (
    CodeExecution,
    CodeFile,
    CodeLimits,
    CodeOutput,
    CodeProfile,
    CodeResult,
    OutputType,
)
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.nodes.code import MAX_FILE_BYTES, MAX_PRINTED, CodeExecutor
from dify_hex.domain.file.errors import FileTooLarge
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome, Printed
from dify_hex.domain.workflow.nodes import code as node
from dify_hex.domain.workflow.nodes.code import CodeBounds, CodeConfig, CodeLanguage
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.node_context import context_of
from tests.builders.node_services import services
from tests.builders.variables import at, file, pool_of
from tests.fakes.kept_contents import KeptContents
from tests.fakes.kept_files import KeptFiles
from tests.fakes.scripted_sandbox import ScriptedSandbox, a_result

OURS = replace(file("own.txt"), id=FileId(new_id()), url=None)
COUNT = node.CodeOutput(type=ValueType.NUMBER)
CONFIG = CodeConfig(
    code_language=CodeLanguage.PYTHON,
    code="def main(x): return {'n': 1}",
    variables=(node.CodeVariable(variable="x", value_selector=at("start.x")),),
    returns={"n": COUNT},
)


class Bench:
    """A code node, and what is around it."""

    def __init__(self, answer: dict[str, CodeOutput] | CodeResult | DomainError) -> None:
        self.sandbox = ScriptedSandbox([answer])
        self.kept = KeptFiles()
        self.executor = CodeExecutor(
            services(
                sandbox=self.sandbox,
                file_contents=KeptContents({OURS.id: b"own"} if OURS.id else {}),
                generated_files=self.kept,
            )
        )

    async def outputs(self, value: JsonValue = 1, config: CodeConfig = CONFIG) -> JsonObject:
        """What the node puts out."""
        return (await self.outcome(value, config)).outputs

    async def outcome(self, value: JsonValue = 1, config: CodeConfig = CONFIG) -> NodeOutcome:
        """What the node comes to."""
        context = context_of(pool_of(start={"x": value}))
        (outcome,) = [each async for each in self.executor.execute(config, context)]
        assert isinstance(outcome, NodeOutcome)
        return outcome

    @property
    def asked(self) -> CodeExecution:
        """What the sandbox was given last."""
        return self.sandbox.asked[-1]


async def test_main_is_called_with_the_variables() -> None:
    bench = Bench({"n": 1})

    assert await bench.outputs({"rows": [1, None, "a"]}) == {"n": 1}
    assert bench.asked.code == CONFIG.code
    assert bench.asked.inputs == {"x": {"rows": [1, None, "a"]}}
    assert bench.asked.outputs == {"n": OutputType.NUMBER}
    assert bench.asked.limits == CodeLimits()


@pytest.mark.parametrize(
    ("language", "libraries", "profile"),
    [
        (CodeLanguage.PYTHON, (), CodeProfile.PYTHON),
        (CodeLanguage.PYTHON, ("pandas",), CodeProfile.PYTHON_DATA),
        (CodeLanguage.JAVASCRIPT, (), CodeProfile.JAVASCRIPT),
    ],
)
async def test_language_and_libraries_choose_the_profile(
    language: CodeLanguage, libraries: tuple[str, ...], profile: CodeProfile
) -> None:
    bench = Bench({"n": 1})
    dependencies = tuple(node.CodeDependency(name=name) for name in libraries)

    config = replace(CONFIG, code_language=language, dependencies=dependencies)
    await bench.outputs(config=config)

    assert bench.asked.profile is profile


async def test_limits_are_those_of_the_node() -> None:
    bench = Bench({"n": 1})
    limits = CodeBounds(seconds=2.5, memory_megabytes=64, output_megabytes=1)

    await bench.outputs(config=replace(CONFIG, limits=limits))

    assert bench.asked.limits == CodeLimits(
        seconds=2.5, memory_bytes=64 << 20, output_bytes=1 << 20
    )


class TestPrinting:
    async def test_what_is_printed_is_kept_beside_the_outputs(self) -> None:
        bench = Bench(a_result({"n": 1}, stdout="seen\x00\n", stderr="careful"))

        assert (await bench.outcome()).printed == Printed("seen\ufffd\n", "careful")

    async def test_nothing_printed_is_nothing(self) -> None:
        assert (await Bench({"n": 1}).outcome()).printed is None

    async def test_much_of_it_is_cut(self) -> None:
        bench = Bench(a_result({"n": 1}, stdout="x" * (MAX_PRINTED + 1)))

        printed = (await bench.outcome()).printed

        assert printed == Printed("x" * MAX_PRINTED + "…")


class TestFiles:
    @pytest.mark.parametrize("kind", list(ValueType))
    async def test_every_type_that_code_returns_is_one_of_the_sandboxs(
        self, kind: ValueType
    ) -> None:
        config = replace(CONFIG, returns={"n": node.CodeOutput(type=kind)})
        if not list(config.faults()):
            assert OutputType(kind.value)

    async def test_a_file_goes_in_with_its_content(self) -> None:
        bench = Bench({"n": 1})

        await bench.outputs(OURS.to_json())

        assert bench.asked.inputs == {
            "x": CodeFile(name="own.txt", content=b"own", media_type=OURS.mime_type)
        }

    async def test_so_do_several(self) -> None:
        bench = Bench({"n": 1})

        await bench.outputs([OURS.to_json(), file("cat.png").to_json()])

        given = bench.asked.inputs["x"]
        assert isinstance(given, list)
        assert [each.content for each in given] == [b"own", b"fetched"]

    @pytest.mark.parametrize("value", [[], [OURS.to_json(), "text"], {"deep": OURS.to_json()}])
    async def test_files_among_other_values_are_only_described(self, value: JsonValue) -> None:
        bench = Bench({"n": 1})

        await bench.outputs(value)

        assert "CodeFile" not in repr(bench.asked.inputs)
        assert "$file" not in repr(bench.asked.inputs)

    async def test_there_may_be_too_many_bytes_of_them(self) -> None:
        bench = Bench({"n": 1})
        large = replace(OURS, id=FileId(new_id()))
        contents = {OURS.id: bytes(MAX_FILE_BYTES), large.id: b"!"}
        known = {name: content for name, content in contents.items() if name is not None}
        executor = CodeExecutor(services(sandbox=bench.sandbox, file_contents=KeptContents(known)))
        context = context_of(pool_of(start={"x": [OURS.to_json(), large.to_json()]}))

        with pytest.raises(FileTooLarge):
            _ = [each async for each in executor.execute(CONFIG, context)]

    async def test_what_code_has_written_is_kept_for_the_run(self) -> None:
        bench = Bench(
            {
                "one": CodeFile(name="a.txt", content=b"a"),
                "many": [CodeFile(name="b.txt", content=b"b"), CodeFile(name="c", content=b"c")],
            }
        )
        returns = {
            "one": node.CodeOutput(type=ValueType.FILE),
            "many": node.CodeOutput(type=ValueType.FILES),
        }

        outputs = await bench.outputs(config=replace(CONFIG, returns=returns))

        one = FileReference.from_json(outputs["one"])
        assert one is not None
        assert one.name == "a.txt"
        assert isinstance(outputs["many"], list)
        assert len(outputs["many"]) == 2
        assert bench.kept.contents == {"a.txt": b"a", "b.txt": b"b", "c": b"c"}
        facts = context_of().facts
        assert {owner.user for owner in bench.kept.owners} == {facts.user}


async def test_what_no_store_takes_is_replaced() -> None:
    assert await Bench({"n": ["a\x00"]}).outputs() == {"n": ["a\ufffd"]}


async def test_fields_that_are_described_are_looked_at() -> None:
    described = node.CodeOutput(type=ValueType.OBJECT, children={"count": COUNT})
    config = replace(CONFIG, returns={"n": described})

    assert await Bench({"n": {"count": 1}}).outputs(config=config) == {"n": {"count": 1}}
    with pytest.raises(CodeOutputInvalid) as wrong:
        await Bench({"n": {"count": "1"}}).outputs(config=config)
    assert wrong.value.details["output"] == "n.count"
    assert wrong.value.details["found"] == "of another type"
    with pytest.raises(CodeOutputInvalid, match=r"n\.count should be number, and is missing"):
        await Bench({"n": {}}).outputs(config=config)


async def test_a_limit_that_ends_it_fails_the_node() -> None:
    with pytest.raises(SandboxTimeout) as ended:
        await Bench(SandboxTimeout(limit_seconds=30)).outputs()

    assert ended.value.details == {"limit_seconds": 30}


async def test_a_value_that_is_missing_is_named() -> None:
    absent = node.CodeVariable(variable="x", value_selector=at("llm.text"))

    with pytest.raises(VariableMissing):
        await Bench({"n": 1}).outputs(config=replace(CONFIG, variables=(absent,)))
