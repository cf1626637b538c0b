"""Trying a task again that has failed."""

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.jobs import JobAnnouncer, JobInvitation
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.task.kinds import TaskKinds
from dify_hex.application.task.ports import TaskWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TaskId


class RetryTask:
    """Lets a failed task begin anew, with all its attempts.

    - Only what has failed is tried again; a cancelled task counts as failed.
    - Who retries it may do what it does.
    - Where another task does the same work by now, this one stays as it is.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[TaskWork],
        kinds: TaskKinds,
        announcer: JobAnnouncer,
        clock: Clock,
    ) -> None:
        self._begin = begin
        self._kinds = kinds
        self._announcer = announcer
        self._clock = clock

    async def execute(self, actor: Actor, task_id: TaskId) -> None:
        """Put it back into its queue.

        Raises:
            TaskNotFound: there is none.
            PermissionDenied: the actor may not do what it does.
            TaskNotFailed: it has not failed.
            TaskKeyBusy: another task does the same work.
        """
        actor.require(Permission.TASK_CONTROL)
        async with self._begin(actor.tenant_id) as work:
            task = await work.tasks.get(task_id)
            self._kinds.require_steering(actor, task)
            task.retry(now=self._clock.now())
            await work.commit()
        self._announcer.announce(
            [
                JobInvitation(
                    tenant_id=actor.tenant_id,
                    task_id=task_id,
                    queue=task.order.queue,
                    token=task.state.token,
                )
            ]
        )
