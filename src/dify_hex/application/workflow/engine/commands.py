"""What can be asked of a run from outside while it executes."""

from dataclasses import dataclass

from dify_hex.domain.shared.ids import FormId
from dify_hex.domain.workflow.node_run import NodeOutcome


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run; `reason` is kept with it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Begin no further node, and pause once the open ones have ended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Expire:
    """End a paused run that nobody came back to."""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """Somebody has filled a form, or its time is up; `outcome` is what its node puts out."""

    form_id: FormId
    outcome: NodeOutcome


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Leave the run to another owner without ending it."""


@dataclass(frozen=True, slots=True)
class Break:
    """Something failed that is none of the run's business; its owner has to let go."""

    error: BaseException


Command = Stop | Pause | Resume | Expire | AnswerForm | GiveUp | Break
