"""Where a free place of a queue gets its next task: fairly, and without asking for ever."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from dify_hex.application.task.job_runner import JobRunner
from dify_hex.application.task.ports import ClaimedTask, TaskLeases
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.task.queue import JobQueue

#: Seconds until a place that waits for its turn looks again, and for the database.
LOOK_EVERY = 1.0
#: The part of a queue's places that one tenant may hold; the rest is kept free for the others.
TENANT_SHARE = 0.75


class JobDesk:
    """Gives tasks to the places of this process.

    - Which task a place gets is decided when it is free, by the rows; whoever is invited to one
      task may be given another.
    - Of several places one tenant never gets all: a place is left for somebody else.
    - A place that may not begin what waits stays until something else comes, or another is free.
    """

    def __init__(
        self,
        *,
        leases: TaskLeases,
        runner: JobRunner,
        owner: str,
        places: Mapping[JobQueue, int],
    ) -> None:
        self._leases = leases
        self._runner = runner
        self._owner = owner
        self._per_tenant = {queue: _share(number) for queue, number in places.items()}
        self._asking = {queue: asyncio.Lock() for queue in places}
        self._news = {queue: asyncio.Event() for queue in places}

    async def serve(self, queue: JobQueue) -> TaskId | None:
        """Do one task of the queue; which one, or None when nothing was due."""
        claimed = await self._claim(queue)
        if claimed is None:
            return None
        try:
            await self._runner.run(claimed)
        finally:
            self.tell(queue)
        return claimed.task_id

    def tell(self, queue: JobQueue) -> None:
        """Something of the queue may have become due, or a place free."""
        self._news[queue].set()

    async def _claim(self, queue: JobQueue) -> ClaimedTask | None:
        while True:
            self._news[queue].clear()
            with suppress(Unavailable):
                async with self._asking[queue]:
                    claimed = await self._leases.claim(
                        queue, self._owner, per_tenant=self._per_tenant[queue]
                    )
                if claimed is not None or not await self._leases.is_waiting(queue):
                    return claimed
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._news[queue].wait()


def _share(places: int) -> int:
    return max(int(places * TENANT_SHARE), 1)
