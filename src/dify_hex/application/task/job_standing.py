"""What the end of a job is written with, and who is told of it."""

from dataclasses import dataclass

from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.shared.jobs import JobAnnouncer, JobInvitation
from dify_hex.application.shared.telemetry import Counter, Telemetry
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.task.ports import DeadLetters, TaskWork
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """What the runner and the sweep stand on alike."""

    begin: BeginWork[TaskWork]
    announcer: JobAnnouncer
    blobs: BlobStorage
    dead_letters: DeadLetters
    clock: Clock
    telemetry: Telemetry
    faults: FaultReporter

    def tell(self, task: Task) -> None:
        """After the commit: invite to a task that waits again, report one that was given up."""
        state = task.state
        if state.status is TaskStatus.PENDING:
            self.announcer.announce(
                [
                    JobInvitation(
                        tenant_id=task.tenant_id,
                        task_id=task.id,
                        queue=task.order.queue,
                        token=state.token,
                        due_at=state.due_at,
                    )
                ]
            )
        elif state.dead_at is not None and state.problem is not None:
            self.telemetry.count(Counter.DEAD_LETTERS, queue=task.order.queue.value)
            self.dead_letters.report(
                tenant_id=task.tenant_id,
                task_id=task.id,
                kind=task.order.kind,
                code=state.problem.code,
            )
