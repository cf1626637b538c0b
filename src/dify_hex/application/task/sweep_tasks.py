"""Finds what was lost on the way: tasks whose worker vanished, and invitations that did."""

from dify_hex.application.shared.telemetry import Gauge
from dify_hex.application.task.job_standing import JobStanding
from dify_hex.application.task.ports import JobInviter, LostTask, TaskLeases
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.task.errors import TaskNotFound, TaskTakenOver
from dify_hex.domain.task.queue import JobQueue

BATCH = 500


class SweepTasks:
    """Brings tasks back to those who can do them.

    - A task without a sign of life waits for another worker; after too many it is dead.
    - Whatever is due and was not begun is invited to again, as the transport may have lost it.
    - Doing it twice, or in several processes, is doing it once.
    """

    def __init__(self, *, leases: TaskLeases, inviter: JobInviter, standing: JobStanding) -> None:
        self._leases = leases
        self._inviter = inviter
        self._standing = standing

    async def execute(self) -> None:
        """Look once.

        Raises:
            Unavailable: the database or the transport is away.
        """
        for lost in await self._leases.lost(limit=BATCH):
            await self._bring_back(lost)
        for queue in JobQueue:
            # Any invitation brings the next task: where there are many, none is missed.
            if await self._inviter.invited(queue) >= BATCH:
                continue
            overdue = await self._leases.overdue(queue, limit=BATCH)
            if overdue:
                await self._inviter.invite_again(overdue)

    async def report(self) -> None:
        """Say how much waits, and how much is dead.

        Raises:
            Unavailable: the database is away.
        """
        for backlog in await self._leases.backlog():
            queue = backlog.queue.value
            self._standing.telemetry.set_gauge(Gauge.JOBS_WAITING, backlog.waiting, queue=queue)
            self._standing.telemetry.set_gauge(Gauge.JOBS_DEAD, backlog.dead, queue=queue)

    async def _bring_back(self, lost: LostTask) -> None:
        standing = self._standing
        try:
            async with standing.begin(lost.tenant_id) as work:
                task = await work.tasks.get(lost.task_id)
                task.lose(lost.token, now=standing.clock.now())
                await work.commit()
        except (TaskTakenOver, TaskNotFound, StaleVersion):
            # Somebody else was quicker, or its worker came back.
            return
        standing.tell(task)
