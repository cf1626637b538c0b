"""One node of a run: its state, and what an attempt of it came to."""

from dataclasses import dataclass, field

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.statuses import NodeStatus
from dify_hex.domain.workflow.variables.selector import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a node or a run failed, as its owner is told."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A conversation's or a loop's variable that has got another value."""

    selector: Selector
    value: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOutcome:
    """What a node put out, what it assigned, and by which handle the run goes on."""

    outputs: JsonObject
    handle: str = "source"
    usage: Usage | None = None
    assigned: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRun:
    """A node that has begun, or never will; nodes not reached yet have none."""

    status: NodeStatus
    attempt: int = 1
    #: Sent along with every effect of this attempt, and again when it is repeated after a crash.
    effect_key: str = ""
    outputs: JsonObject = field(default_factory=dict)
    handle: str = "source"
    usage: Usage | None = None
    error: RunError | None = None
