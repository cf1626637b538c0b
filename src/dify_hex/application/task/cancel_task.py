"""Cancelling a task."""

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.task.kinds import TaskKinds
from dify_hex.application.task.ports import TaskWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.task.errors import TaskIsOwed


class CancelTask:
    """Ends a task that nobody wants any more.

    - One that waits is over at once; one under way is told with the next heartbeat of its worker.
    - What it has done so far stays done.
    - Who cancels it may do what it does; what is owed cannot be cancelled.
    - It ends as a failure with the code `task_cancelled`, which is no dead letter.
    """

    def __init__(self, *, begin: BeginWork[TaskWork], kinds: TaskKinds, clock: Clock) -> None:
        self._begin = begin
        self._kinds = kinds
        self._clock = clock

    async def execute(self, actor: Actor, task_id: TaskId) -> None:
        """Cancel it.

        Raises:
            TaskNotFound: there is none.
            PermissionDenied: the actor may not do what it does.
            TaskIsOver: there is nothing to cancel.
            TaskIsOwed: it has to be done.
        """
        actor.require(Permission.TASK_CONTROL)
        async with self._begin(actor.tenant_id) as work:
            task = await work.tasks.get(task_id)
            self._kinds.require_steering(actor, task)
            if self._kinds.is_owed(task) and not task.state.status.is_over:
                raise TaskIsOwed(kind=task.order.kind)
            task.cancel(now=self._clock.now())
            await work.commit()
