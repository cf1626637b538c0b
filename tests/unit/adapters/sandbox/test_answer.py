"""What an execution said, read without believing it."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.sandbox.answer import read_answer
from dify_hex.adapters.sandbox.jail.wire import Kind, Outcome, frame
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
from dify_hex.application.shared.code_sandbox import (
    CodeExecution,
    CodeFile,
    CodeProfile,
    OutputType,
)
from dify_hex.domain.shared.errors import DomainError
from tests.builders.account import TENANT

DONE = {"outcome": Outcome.DONE, "seconds": 0.5, "memory_bytes": 7}


def execution(**outputs: OutputType) -> CodeExecution:
    return CodeExecution(tenant_id=TENANT, profile=CodeProfile.PYTHON, code="", outputs=outputs)


def result(**values: object) -> bytes:
    return frame(Kind.RESULT, json.dumps({"values": values, "line": 3}).encode())


def test_a_result_with_what_was_printed() -> None:
    said = frame(Kind.STDOUT, b"a") + frame(Kind.STDERR, b"\xff") + result(x=1)

    answer = read_answer(execution(), said + frame(Kind.STDOUT, b"b"), DONE)

    assert answer.outputs == {"x": 1}
    assert (answer.stdout, answer.stderr) == ("ab", "�")
    assert (answer.seconds, answer.memory_bytes) == (0.5, 7)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (OutputType.ANY, None, ...),
        (OutputType.STRING, "a", 1),
        (OutputType.NUMBER, 1.5, True),
        (OutputType.INTEGER, 2, 2.5),
        (OutputType.BOOLEAN, False, 0),
        (OutputType.OBJECT, {"a": 1}, []),
        (OutputType.ARRAY, [1, "a"], {}),
        (OutputType.ARRAY_OF_STRINGS, ["a"], ["a", 1]),
        (OutputType.ARRAY_OF_NUMBERS, [1, 2.5], [None]),
        (OutputType.ARRAY_OF_BOOLEANS, [True], [1]),
        (OutputType.ARRAY_OF_OBJECTS, [{}], [[]]),
        (OutputType.FILE, {"file": 0, "name": "a.txt"}, {"file": 9, "name": "a"}),
        (OutputType.ARRAY_OF_FILES, [{"file": 0, "name": "a"}], [{"file": -1, "name": "a"}]),
    ],
)
def test_outputs_are_of_their_types(kind: OutputType, right: object, wrong: object) -> None:
    files = frame(Kind.OUTPUT_FILE, b"content")

    found = read_answer(execution(x=kind), files + result(x=right, y=1), DONE).outputs

    assert list(found) == ["x"]
    if wrong is not ...:
        with pytest.raises(CodeOutputInvalid, match=r"The output x should be .* \(line 3\)"):
            read_answer(execution(x=kind), files + result(x=wrong), DONE)


def test_files_stand_in_place_of_their_numbers() -> None:
    said = frame(Kind.OUTPUT_FILE, b"content") + result(x={"file": 0, "name": "a.txt"})

    found = read_answer(execution(x=OutputType.FILE), said, DONE).outputs["x"]

    assert found == CodeFile(name="a.txt", content=b"content", media_type="text/plain")


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"outcome": Outcome.TIMEOUT}, SandboxTimeout),
        ({"outcome": Outcome.MEMORY}, SandboxMemoryExceeded),
        ({"outcome": Outcome.OUTPUT}, SandboxOutputTooLarge),
        ({"outcome": Outcome.DIED, "signal": "Segmentation fault"}, CodeFailed),
        ({"outcome": Outcome.BUSY, "retry_after": 2.5}, SandboxBusy),
        ({"outcome": Outcome.REFUSED, "lacking": ["seccomp"]}, SandboxRefuses),
        ({"outcome": Outcome.NOT_INSTALLED, "advice": "do"}, ProfileNotInstalled),
        ({"outcome": Outcome.LOST}, SandboxUnavailable),
        ({}, SandboxUnavailable),
    ],
)
def test_the_service_has_the_last_word(end: dict[str, object], expected: type[DomainError]) -> None:
    with pytest.raises(expected):
        read_answer(execution(), result(x=1), end)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"kind": "memory"}, SandboxMemoryExceeded),
        ({"kind": "too_large"}, SandboxOutputTooLarge),
        ({"kind": "invalid", "message": "no", "line": 2}, CodeOutputInvalid),
        ({"kind": "raised", "message": "no", "line": 2}, CodeFailed),
        ([], CodeFailed),
        ({"line": "x", "message": {}}, CodeFailed),
    ],
)
def test_what_the_process_says_of_its_failure(told: object, expected: type[DomainError]) -> None:
    with pytest.raises(expected):
        read_answer(execution(), frame(Kind.FAILED, json.dumps(told).encode()), DONE)


def test_a_process_that_ends_without_a_word_has_failed() -> None:
    with pytest.raises(CodeFailed, match="ended its process"):
        read_answer(execution(), b"", DONE)


@pytest.mark.parametrize("levels", [101, 900, 100_000])
def test_values_that_nest_too_deep_are_not_taken(levels: int) -> None:
    deep = b'{"values": {"x": ' + b"[" * levels + b"]" * levels + b'}, "line": 3}'

    with pytest.raises(CodeOutputInvalid):
        read_answer(execution(), frame(Kind.RESULT, deep), DONE)


def test_too_many_frames_are_too_much() -> None:
    with pytest.raises(SandboxOutputTooLarge):
        read_answer(execution(), frame(Kind.STDOUT) * 10_001, DONE)


@given(st.binary(max_size=200) | st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=30))))
def test_nothing_that_is_said_breaks_the_reader(said: bytes | list[tuple[int, bytes]]) -> None:
    data = said if isinstance(said, bytes) else b"".join(frame(*each) for each in said)

    with suppress(CodeFailed, CodeOutputInvalid, SandboxOutputTooLarge):
        read_answer(execution(x=OutputType.FILE), data, DONE)
