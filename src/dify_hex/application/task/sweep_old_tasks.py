"""Forgetting tasks that were kept for long enough."""

from datetime import timedelta

from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.shared.clock import Clock
from dify_hex.application.task.ports import KeptTasks
from dify_hex.application.task.results import results_prefix

BATCH = 500


class SweepOldTasks:
    """Takes away tasks that were kept for long enough, of all tenants.

    - Only what is over goes, dead letters included; what waits or works is kept.
    - Long results go first: as long as a row is there, something leads to them.
    - It works in batches of bounded size; doing it twice is doing it once.
    """

    def __init__(
        self, *, tasks: KeptTasks, blobs: BlobStorage, clock: Clock, age: timedelta | None
    ) -> None:
        self._tasks = tasks
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
        while found := await self._tasks.find_old(ended_before=before, limit=BATCH):
            for tenant_id, task_id, has_blob in found:
                if has_blob:
                    await self._blobs.delete(results_prefix(tenant_id, task_id))
            await self._tasks.forget([task_id for _, task_id, _ in found])
            gone += len(found)
        return gone
