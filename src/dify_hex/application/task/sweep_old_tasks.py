"""Forgetting tasks that were kept for long enough."""

from datetime import timedelta

from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.shared.clock import Clock
from dify_hex.application.task.kinds import TaskKinds
from dify_hex.application.task.ports import KeptTasks
from dify_hex.application.task.results import results_prefix

BATCH = 500


class SweepOldTasks:
    """Takes away tasks that were kept for long enough, of all tenants.

    - Only what is over goes, dead letters included; what waits or works is kept, and so is what was
      retried at the last moment.
    - What is owed is kept until it was done.
    - A task and its long result go together: while the storage is away, neither does.
    - It works in batches of bounded size; doing it twice is doing it once.
    """

    def __init__(
        self,
        *,
        tasks: KeptTasks,
        kinds: TaskKinds,
        blobs: BlobStorage,
        clock: Clock,
        age: timedelta | None,
    ) -> None:
        self._tasks = tasks
        self._kinds = kinds
        self._blobs = blobs
        self._clock = clock
        self._age = age

    async def execute(self) -> int:
        """Take away all that is due; how many tasks went.

        Raises:
            Unavailable: the database or the storage is away; the rest goes the next time.
        """
        if self._age is None:
            return 0
        gone = 0
        before = self._clock.now() - self._age
        while True:
            async with self._tasks.forgetting(
                ended_before=before, limit=BATCH, only_if_done=self._kinds.owed
            ) as going:
                for tenant_id, task_id, has_blob in going:
                    if has_blob:
                        await self._blobs.delete(results_prefix(tenant_id, task_id))
            gone += len(going)
            if len(going) < BATCH:
                return gone
