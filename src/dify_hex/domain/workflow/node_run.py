"""One node of a run: its state, and what an attempt of it came to."""

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Self

from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import FormId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.statuses import NodeStatus
from dify_hex.domain.workflow.variables.selector import Selector

_NOTHING: JsonObject = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a node or a run failed, as its owner is told."""

    code: str
    message: str
    details: JsonObject = field(default_factory=dict)

    @classmethod
    def of(cls, error: DomainError) -> Self:
        """A domain error as the run keeps it."""
        return cls(code=error.code, message=error.message, details=error.details)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A conversation's or a loop's variable that has got another value."""

    selector: Selector
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Printed:
    """What code has printed on the way: for those who write it, and for no other node."""

    stdout: str = ""
    stderr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOutcome:
    """What a node put out, what it assigned, and by which handle the run goes on."""

    outputs: JsonObject
    handle: str = "source"
    usage: Usage | None = None
    assigned: tuple[Assignment, ...] = ()
    printed: Printed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedInput:
    """A form as the run asks for it: rendered text, fields and actions, and how long it waits."""

    form_id: FormId
    content: str
    inputs: tuple[JsonObject, ...] = ()
    actions: tuple[JsonObject, ...] = ()
    expires_at: datetime | None = None


class NodeRun(NamedTuple):
    """A node that has begun, or never will; nodes not reached yet have none.

    A tuple, since each step of a run makes two, and a frozen dataclass takes five times as long.
    """

    status: NodeStatus
    attempt: int = 1
    #: How many attempts have failed so far; interruptions do not count.
    failures: int = 0
    #: A repetition does not begin before.
    not_before: datetime | None = None
    form: RequestedInput | None = None
    #: Whether the run goes on past the node's failure.
    handled: bool = False
    #: Sent along with every effect of this attempt, and again when it is repeated after a crash.
    effect_key: str = ""
    outputs: JsonObject = _NOTHING
    handle: str = "source"
    usage: Usage | None = None
    error: RunError | None = None

    @property
    def left_by(self) -> str | None:
        """The handle by which the run has left the node; None where it has not, or never will."""
        left = self.status is NodeStatus.SUCCEEDED or self.handled
        return self.handle if left else None
