"""The trace that whatever happens now is a part of, as far as anybody has said."""

from contextvars import ContextVar
from hashlib import sha256

_TRACE_ID: ContextVar[str] = ContextVar("trace_id", default="")


def enter_trace(trace_id: str) -> None:
    """Make everything that follows in this task, and in tasks it begins, a part of the trace.

    `trace_id` is 32 hexadecimal digits.
    """
    _TRACE_ID.set(trace_id)


def traceparent_of(step: str, *, otherwise: str) -> str:
    """What a call tells of its trace; `otherwise` is the trace's id where nobody has named one.

    The same step of the same trace always has the same name.
    """
    span_id = sha256(step.encode()).hexdigest()[:16]
    return f"00-{_TRACE_ID.get() or otherwise}-{span_id}-01"
