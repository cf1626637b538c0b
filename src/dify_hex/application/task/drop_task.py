"""Dropping a task that has failed."""

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.task.kinds import TaskKinds
from dify_hex.application.task.ports import TaskWork
from dify_hex.application.task.results import results_prefix
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.task.errors import TaskIsOwed


class DropTask:
    """Takes a dead letter, or any other failed task, off the record.

    - Only what has failed can be dropped; everything else ends by itself.
    - Who drops it may do what it does; what is owed cannot be dropped, only tried again.
    - What was put aside for it goes first: as long as the row is there, something leads to it.
    """

    def __init__(self, *, begin: BeginWork[TaskWork], kinds: TaskKinds, blobs: BlobStorage) -> None:
        self._begin = begin
        self._kinds = kinds
        self._blobs = blobs

    async def execute(self, actor: Actor, task_id: TaskId) -> None:
        """Forget it.

        Raises:
            TaskNotFound: there is none.
            PermissionDenied: the actor may not do what it does.
            TaskNotFailed: it has not failed.
            TaskIsOwed: it has to be done.
            StorageUnavailable: what was put aside cannot be removed now.
        """
        actor.require(Permission.TASK_CONTROL)
        async with self._begin(actor.tenant_id) as work:
            task = await work.tasks.get(task_id)
            self._kinds.require_steering(actor, task)
            task.drop()
            if self._kinds.is_owed(task):
                raise TaskIsOwed(kind=task.order.kind)
            await self._blobs.delete(results_prefix(actor.tenant_id, task_id))
            await work.tasks.remove(task)
            await work.commit()
