"""The port to the sandbox: a stranger's code goes in with its inputs, its outputs come back."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.json_value import JsonValue

#: The output under which a template's text comes back.
RENDERED = "output"


class CodeProfile(StrEnum):
    """What the code is written in, and what it finds installed."""

    #: The standard library.
    PYTHON = "python"
    #: NumPy, pandas, and what the operator has added.
    PYTHON_DATA = "python-data"
    JAVASCRIPT = "javascript"
    #: All of Jinja2; the code is the template, its text comes back as the output `RENDERED`.
    TEMPLATE = "template"


class OutputType(StrEnum):
    """What a declared output has to be."""

    ANY = "any"
    STRING = "string"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    OBJECT = "object"
    ARRAY = "array"
    ARRAY_OF_STRINGS = "array[string]"
    ARRAY_OF_NUMBERS = "array[number]"
    ARRAY_OF_BOOLEANS = "array[boolean]"
    ARRAY_OF_OBJECTS = "array[object]"
    #: The code answers with the path of a file that it wrote; the file itself comes back.
    FILE = "file"
    ARRAY_OF_FILES = "array[file]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFile:
    """A file on its way in or out; the code sees its name, path, size and media type."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLimits:
    """What one execution may use up."""

    seconds: float = 30.0
    memory_bytes: int = 512 << 20
    #: Result, files and what was printed together.
    output_bytes: int = 10 << 20
    #: Threads, the first included; no process is ever started.
    processes: int = 16


CodeInput = JsonValue | CodeFile | Sequence[CodeFile]
CodeOutput = JsonValue | CodeFile | Sequence[CodeFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExecution:
    """Code with a function `main`, the arguments to call it with, and what has to come back."""

    tenant_id: TenantId
    profile: CodeProfile
    code: str = field(repr=False)
    inputs: Mapping[str, CodeInput] = field(default_factory=dict, repr=False)
    #: Empty: whatever `main` returns is taken.
    outputs: Mapping[str, OutputType] = field(default_factory=dict)
    limits: CodeLimits = field(default_factory=CodeLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeResult:
    """What came back, and what it took."""

    #: The declared outputs only, where some were declared.
    outputs: Mapping[str, CodeOutput]
    stdout: str
    stderr: str
    #: From the code's arrival in the sandbox to the end of its process.
    seconds: float
    #: The most memory it had resident at a time, the interpreter included.
    memory_bytes: int


class CodeSandbox(Protocol):
    """Runs code that nobody has read."""

    @abstractmethod
    async def run(self, execution: CodeExecution) -> CodeResult:
        """Run it once; cancelling the call ends the code.

        Raises:
            SandboxBusy: too many executions wait already.
            SandboxUnavailable: the sandbox does not answer, or died meanwhile.
            SandboxRefuses: the machine's walls are not enough to run code behind.
            ProfileNotInstalled: the profile's libraries are missing.
            SandboxTimeout, SandboxMemoryExceeded, SandboxOutputTooLarge: a limit ended it.
            CodeFailed: the code raised, or ended its process.
            CodeOutputInvalid: what it returned is not what was declared.
        """
