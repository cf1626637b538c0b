"""One attempt at a task, as its handler and its worker see it."""

import asyncio
from enum import Enum

from dify_hex.application.shared.jobs import (
    JobCancelled,
    JobInterrupted,
    JobTakenOver,
    JobTimeUp,
    RunningJob,
)
from dify_hex.application.task.ports import ClaimedTask, Heartbeat

_MAX_NOTE = 200


class Interruption(Enum):
    """Why an attempt has to end, and what its handler is told."""

    CANCELLED = JobCancelled
    TAKEN_OVER = JobTakenOver


class RunningTask(RunningJob):
    """What the handler reports is kept here until the next heartbeat takes it along."""

    def __init__(self, claimed: ClaimedTask, *, now: float) -> None:
        self.claimed = claimed
        self.tenant_id = claimed.tenant_id
        self.task_id = claimed.task_id
        self.attempt = claimed.attempt
        self.arguments = claimed.arguments
        self._soft_end = now + claimed.soft_limit.total_seconds()
        self._progress = 0.0
        self._note = ""
        self._interruption: Interruption | None = None
        self._interrupted = asyncio.Event()

    @property
    def interruption(self) -> Interruption | None:
        """Why it has to end, if it has to."""
        return self._interruption

    def interrupt(self, reason: Interruption) -> None:
        """Let the handler end; being taken over outweighs being cancelled."""
        if self._interruption is not Interruption.TAKEN_OVER:
            self._interruption = reason
        self._interrupted.set()

    async def interrupted(self) -> None:
        """Return when it has to end."""
        await self._interrupted.wait()

    def heartbeat(self) -> Heartbeat:
        """How far it is."""
        return Heartbeat(
            task_id=self.task_id,
            token=self.claimed.token,
            progress=self._progress,
            note=self._note,
        )

    async def report(self, progress: float, note: str = "") -> None:
        """Say how far the work is; the rows hear of it within a second."""
        self._progress = min(max(progress, 0.0), 100.0)
        self._note = note[:_MAX_NOTE]
        told: type[JobInterrupted] | None = None
        if self._interruption is not None:
            told = self._interruption.value
        elif asyncio.get_running_loop().time() >= self._soft_end:
            told = JobTimeUp
        if told is not None:
            raise told
