"""What a run and its nodes can be in."""

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    PARTIAL_SUCCEEDED = "partial_succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to the run any more."""
        return self in _FINAL


_FINAL = frozenset(
    {
        RunStatus.SUCCEEDED,
        RunStatus.PARTIAL_SUCCEEDED,
        RunStatus.FAILED,
        RunStatus.STOPPED,
        RunStatus.EXPIRED,
    }
)


class NodeStatus(StrEnum):
    """Where one node of a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    PAUSED = "paused"
    STOPPED = "stopped"


class LoopEnding(StrEnum):
    """Why a loop has ended."""

    BREAK = "loop_break"
    COMPLETED = "loop_completed"


class DesiredState(StrEnum):
    """What somebody outside has asked of a run; its owner sees to it."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"
    #: It was paused for too long.
    EXPIRE = "expire"
