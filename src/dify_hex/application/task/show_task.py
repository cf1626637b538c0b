"""Looking at one task, with its whole result."""

from dataclasses import replace

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.task.ports import TaskReader
from dify_hex.application.task.read_models import TaskView
from dify_hex.application.task.results import read_result
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TaskId


class ShowTask:
    """Shows one task.

    - A long result is fetched from the object storage; lists leave it out.
    """

    def __init__(self, *, reader: TaskReader, blobs: BlobStorage) -> None:
        self._reader = reader
        self._blobs = blobs

    async def execute(self, actor: Actor, task_id: TaskId) -> TaskView:
        """The task.

        Raises:
            TaskNotFound: there is none.
            BlobNotFound: its long result is gone.
        """
        actor.require(Permission.TASK_READ)
        task = await self._reader.show_task(actor.tenant_id, task_id)
        if task.result_blob is None:
            return task
        return replace(task, result=await read_result(self._blobs, task.result_blob))
