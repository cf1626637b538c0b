"""How foreign code's failure reads to those who wrote it: their own lines, and no others."""

import json
import traceback
from collections.abc import Sequence
from types import TracebackType

from dify_hex.adapters.sandbox.jail.program import CODE_FILE

_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 8_000
#: Frames shown of a recursion that ran away.
_FRAMES = 20


class Failure(Exception):
    """A failure whose words are ready."""

    def __init__(
        self, kind: str, message: str, line: int | None = None, trace: str = "", output: str = ""
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.trace = trace
        self.output = output

    def encode(self) -> bytes:
        """As the payload of a frame."""
        said = {
            "kind": self.kind,
            "message": self.message[:_LONGEST_MESSAGE],
            "line": self.line,
            "traceback": self.trace[:_LONGEST_TRACEBACK],
            "output": self.output,
        }
        return json.dumps(said).encode("utf-8", "replace")


#: Foreign code raised, or its text is no code.
RAISED = "raised"
MEMORY = "memory"
#: What it returned cannot be sent.
INVALID = "invalid"
TOO_LARGE = "too_large"


def describe(error: BaseException) -> Failure:
    """The failure that foreign code has raised."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, MemoryError):
        return Failure(MEMORY, "out of memory", _line(error.__traceback__))
    if isinstance(error, SyntaxError) and error.filename == CODE_FILE:
        shown = "".join(traceback.format_exception_only(error))
        return Failure(RAISED, f"{type(error).__name__}: {error.msg}", error.lineno, shown)
    words = _words(error)
    frames = _own_frames(error.__traceback__)
    shown = "".join(["Traceback (most recent call last):\n", *traceback.format_list(frames)])
    line = frames[-1].lineno if frames else None
    return Failure(RAISED, words, line, f"{shown}{words}\n")


def _words(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:  # noqa: BLE001 - its own words fail too
        return type(error).__name__


def _line(trace: TracebackType | None) -> int | None:
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == CODE_FILE:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _own_frames(trace: TracebackType | None) -> Sequence[traceback.FrameSummary]:
    frames = [
        frame for frame in traceback.extract_tb(trace) if frame.filename == CODE_FILE
    ]  # what lies between them is the library's
    if len(frames) > _FRAMES:
        half = _FRAMES // 2
        return [*frames[:half], *frames[-half:]]
    return frames
