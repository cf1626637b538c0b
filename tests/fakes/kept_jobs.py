"""Handlers of background jobs that do what a test says, and those who are told of their ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar

from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.shared.jobs import JobHandler, RunningJob
from dify_hex.application.task.ports import DeadLetters
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject

KIND = "test_job"

#: What a handler does; its result is shown.
Deed = Callable[[RunningJob], Awaitable[JsonObject]]


async def nothing(_job: RunningJob) -> JsonObject:
    """Be done at once."""
    return {}


class DoneJobs(JobHandler):
    """Remembers the jobs it was given, in order, and what each was found doing."""

    kind: ClassVar[str] = KIND

    def __init__(self, deed: Deed = nothing) -> None:
        self.deed = deed
        self.begun: list[RunningJob] = []
        self.done: list[RunningJob] = []
        #: Set whenever one begins.
        self.began = asyncio.Event()

    def has_begun(self, number: int) -> Callable[[], Awaitable[bool]]:
        """Whether so many were begun, as a look."""

        async def look() -> bool:
            return len(self.begun) >= number

        return look

    async def run(self, job: RunningJob) -> JsonObject:
        """Do what the test wants."""
        self.begun.append(job)
        self.began.set()
        result = await self.deed(job)
        self.done.append(job)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A task that was given up."""

    tenant_id: TenantId
    task_id: TaskId
    kind: str
    code: str


@dataclass(slots=True)
class KeptDeadLetters(DeadLetters):
    """Remembers them."""

    letters: list[DeadLetter] = field(default_factory=list)

    def report(self, *, tenant_id: TenantId, task_id: TaskId, kind: str, code: str) -> None:
        """Remember it."""
        self.letters.append(DeadLetter(tenant_id=tenant_id, task_id=task_id, kind=kind, code=code))


@dataclass(slots=True)
class KeptFaults(FaultReporter):
    """Remembers errors that nobody foresaw."""

    errors: list[BaseException] = field(default_factory=list)

    def report(self, error: BaseException, *, where: str, **context: str) -> None:
        """Remember it."""
        self.errors.append(error)
