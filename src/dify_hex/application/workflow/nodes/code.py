"""Executes the code node: a function of the author's, called once in the sandbox."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

from dify_hex.application.shared.code_failures import CodeOutputInvalid
from dify_hex.application.shared.code_sandbox import (
    CodeExecution,
    CodeFile,
    CodeInput,
    CodeLimits,
    CodeProfile,
    CodeResult,
    OutputType,
)
from dify_hex.application.workflow.node_executor import NodeContext, NodeExecutor, NodeOutput
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.patient_sandbox import PatientSandbox
from dify_hex.application.workflow.run_files import RunFiles
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.code_outputs import first_misfit
from dify_hex.domain.workflow.node_run import NodeOutcome, Printed
from dify_hex.domain.workflow.nodes.code import CodeConfig, CodeLanguage
from dify_hex.domain.workflow.variables.files import with_attributes
from dify_hex.domain.workflow.variables.storable import storable, storable_text

#: Bytes of all files that one execution is given.
MAX_FILE_BYTES = 32 << 20
#: Characters of each stream that are kept with the run.
MAX_PRINTED = 8_000
_MEGABYTE = 1 << 20


class CodeExecutor(NodeExecutor[CodeConfig]):
    """Calls `main` with the variables; what it returns is what the node puts out.

    What it prints is kept beside that, for people to read.
    Files go in by name, path, size and type, and come back as files of the run.
    """

    def __init__(self, services: NodeServices) -> None:
        self._sandbox = PatientSandbox(services.sandbox)
        self._contents = services.file_contents
        self._generated = services.generated_files

    async def execute(
        self, config: CodeConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """What `main` returned.

        Raises:
            VariableMissing: an argument has no value.
            FileNotFound, FileExpired, FileTooLarge: a file cannot be handed in.
            CodeFailed, CodeOutputInvalid: as the code has it; details name its line.
            DomainError: as the sandbox says, and whoever keeps files.
        """
        files = RunFiles(self._contents, self._generated, context)
        limits = config.limits
        result = await self._sandbox.run(
            CodeExecution(
                tenant_id=context.tenant_id,
                profile=_profile(config),
                code=config.code,
                inputs=await _inputs(config, context, files),
                outputs={name: OutputType(kind) for name, kind in config.outputs().items()},
                limits=CodeLimits(
                    seconds=limits.seconds,
                    memory_bytes=limits.memory_megabytes * _MEGABYTE,
                    output_bytes=limits.output_megabytes * _MEGABYTE,
                ),
            )
        )
        outputs = await _outputs(result, files)
        _check_fields(config, outputs)
        yield NodeOutcome(outputs=outputs, printed=_printed(result))


def _profile(config: CodeConfig) -> CodeProfile:
    if config.code_language is CodeLanguage.JAVASCRIPT:
        return CodeProfile.JAVASCRIPT
    return CodeProfile.PYTHON_DATA if config.dependencies else CodeProfile.PYTHON


async def _inputs(
    config: CodeConfig, context: NodeContext, files: RunFiles
) -> Mapping[str, CodeInput]:
    inputs: dict[str, CodeInput] = {}
    left = MAX_FILE_BYTES
    for each in config.variables:
        value = context.variables.get(each.value_selector)
        named = _files_of(value)
        if named is None:
            inputs[each.variable] = with_attributes(value)
            continue
        attached = []
        for file in named:
            attached.append(await _attached(file, files, left))
            left -= len(attached[-1].content)
        inputs[each.variable] = attached if isinstance(value, Sequence) else attached[0]
    return inputs


def _files_of(value: JsonValue) -> Sequence[FileReference] | None:
    """The files that a value consists of; None when it is something else."""
    file = FileReference.from_json(value)
    if file is not None:
        return (file,)
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return None
    found = [file for item in value if (file := FileReference.from_json(item)) is not None]
    return found if len(found) == len(value) else None


async def _attached(file: FileReference, files: RunFiles, limit: int) -> CodeFile:
    opened = await files.open(file, limit=limit)
    content = b"".join([part async for part in opened.parts()])
    return CodeFile(name=opened.name, content=content, media_type=opened.media_type)


async def _outputs(result: CodeResult, files: RunFiles) -> JsonObject:
    outputs: dict[str, JsonValue] = {}
    for name, value in result.outputs.items():
        if isinstance(value, Sequence) and not isinstance(value, str):
            outputs[name] = [await _kept(item, files) for item in value]
        else:
            outputs[name] = await _kept(value, files)
    return outputs


async def _kept(value: JsonValue | CodeFile, files: RunFiles) -> JsonValue:
    if isinstance(value, CodeFile):
        return await files.keep(value.name, _whole(value.content))
    return storable(value)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _printed(result: CodeResult) -> Printed | None:
    if not (result.stdout or result.stderr):
        return None
    return Printed(_shown(result.stdout), _shown(result.stderr))


def _shown(text: str) -> str:
    shown = storable_text(text[:MAX_PRINTED])
    return shown if len(text) <= MAX_PRINTED else f"{shown}…"


def _check_fields(config: CodeConfig, outputs: JsonObject) -> None:
    misfit = first_misfit(outputs, config.returns)
    if misfit is None:
        return
    expected = misfit.expected.value
    found = "missing" if misfit.is_missing else "of another type"
    message = f"The output {misfit.path} should be {expected}, and is {found}."
    raise CodeOutputInvalid(message, output=misfit.path, expected=expected, found=found, line=None)
