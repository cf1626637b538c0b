"""Reads what an execution has said, and what the service says of its end.

The process that says it may have been the code's own, so nothing in it is believed but as that
code's result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from dify_hex.adapters.sandbox.jail.wire import BadFrame, Kind, Outcome, split_frames
from dify_hex.adapters.sandbox.outputs import checked_outputs
from dify_hex.application.shared.code_failures import (
    CodeFailed,
    CodeOutputInvalid,
    ProfileNotInstalled,
    SandboxBusy,
    SandboxMemoryExceeded,
    SandboxOutputTooLarge,
    SandboxRefuses,
    SandboxTimeout,
    SandboxUnavailable,
)
from dify_hex.application.shared.code_sandbox import CodeExecution, CodeResult
from dify_hex.domain.shared.errors import DetailValue, DomainError
from dify_hex.domain.workflow.variables.measure import MAX_DEPTH, measure

#: Of what was printed, the part that an error carries along.
_SHOWN = 4_000
_RETRY = 1.0


@dataclass(slots=True)
class Said:
    """What the process has said, sorted."""

    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    files: list[bytes] = field(default_factory=list)
    result: bytes | None = None
    failed: bytes | None = None


def read_answer(execution: CodeExecution, said: bytes, end: Mapping[str, Any]) -> CodeResult:
    """The result of an execution.

    Raises:
        DomainError: it has none; the class and the details say why.
    """
    heard = Said()
    try:
        _sort(said, heard)
    except BadFrame:
        raise SandboxOutputTooLarge(limit_bytes=execution.limits.output_bytes) from None
    if end.get("outcome") != Outcome.DONE:
        raise _ended_early(execution, heard, end)
    if heard.failed is not None:
        raise _failure(execution, heard)
    if heard.result is None:
        raise _code_failed(heard, "the code ended its process", None, "")
    returned, line = _returned(heard)
    outputs = checked_outputs(returned, execution.outputs, heard.files, line)
    return CodeResult(
        outputs=outputs,
        stdout=_text(heard.stdout),
        stderr=_text(heard.stderr),
        seconds=float(end.get("seconds", 0)),
        memory_bytes=int(end.get("memory_bytes", 0)),
    )


def _sort(said: bytes, heard: Said) -> None:
    for kind, payload in split_frames(said):
        match kind:
            case Kind.STDOUT:
                heard.stdout += payload
            case Kind.STDERR:
                heard.stderr += payload
            case Kind.OUTPUT_FILE:
                heard.files.append(bytes(payload))
            case Kind.RESULT:
                heard.result = bytes(payload)
            case Kind.FAILED:
                heard.failed = bytes(payload)
            case _:
                # Whoever says something else has taken the process over; it is its own result.
                continue


def _returned(heard: Said) -> tuple[Mapping[str, Any], int | None]:
    try:
        told = orjson.loads(heard.result or b"")
    except orjson.JSONDecodeError as error:
        raise CodeOutputInvalid(f"What main returns is no JSON: {error}.") from None
    told = told if isinstance(told, dict) else {}
    values, line = told.get("values"), told.get("line")
    if not isinstance(values, dict):
        raise CodeOutputInvalid("main does not return a dict.", line=_number(line))
    if measure(values).depth > MAX_DEPTH:
        message = f"What main returns nests more than {MAX_DEPTH} levels deep."
        raise CodeOutputInvalid(message, line=_number(line))
    return values, _number(line)


def _failure(execution: CodeExecution, heard: Said) -> DomainError:
    try:
        told = orjson.loads(heard.failed or b"")
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return _code_failed(heard, "the code failed", None, "")
    message, line = str(told.get("message")), _number(told.get("line"))
    match told.get("kind"):
        case "memory":
            return SandboxMemoryExceeded(limit_bytes=execution.limits.memory_bytes, line=line)
        case "too_large":
            return SandboxOutputTooLarge(limit_bytes=execution.limits.output_bytes, line=line)
        case "invalid":
            where = "" if line is None else f" (line {line})"
            output = str(told.get("output") or "") or None
            return CodeOutputInvalid(f"{message}{where}.", output=output, line=line)
        case _:
            return _code_failed(heard, message, line, str(told.get("traceback") or ""))


def _code_failed(heard: Said, error: str, line: int | None, traceback: str) -> CodeFailed:
    where = "" if line is None else f" in line {line}"
    return CodeFailed(
        f"The code failed{where}: {error}",
        error=error,
        line=line,
        traceback=traceback,
        stdout=_text(heard.stdout)[:_SHOWN],
        stderr=_text(heard.stderr)[:_SHOWN],
    )


def _ended_early(execution: CodeExecution, heard: Said, end: Mapping[str, Any]) -> DomainError:
    limits = execution.limits
    match end.get("outcome"):
        case Outcome.TIMEOUT:
            shown = _text(heard.stdout)[:_SHOWN]
            message = f"The code took longer than {limits.seconds:g} seconds."
            return SandboxTimeout(message, limit_seconds=limits.seconds, stdout=shown)
        case Outcome.MEMORY:
            return SandboxMemoryExceeded(limit_bytes=limits.memory_bytes, line=None)
        case Outcome.OUTPUT:
            return SandboxOutputTooLarge(limit_bytes=limits.output_bytes, line=None)
        case Outcome.DIED:
            signal = str(end.get("signal") or "its end")
            return _code_failed(heard, f"the code's process was ended: {signal}", None, "")
        case Outcome.BUSY:
            return SandboxBusy(retry_after=float(end.get("retry_after", _RETRY)))
        case Outcome.REFUSED:
            return SandboxRefuses(lacking=_texts(end.get("lacking")))
        case Outcome.NOT_INSTALLED:
            return ProfileNotInstalled(
                profile=execution.profile.value, advice=str(end.get("advice") or "")
            )
        case _:
            return SandboxUnavailable(retry_after=_RETRY)


def _texts(value: object) -> list[DetailValue]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(data: bytearray) -> str:
    return data.decode("utf-8", "replace")
