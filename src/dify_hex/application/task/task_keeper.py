"""Keeps the tasks of this process: one heartbeat for all of them, and what it brings back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from dify_hex.application.shared.telemetry import Gauge, Telemetry
from dify_hex.application.task.ports import ClaimedTask, TaskLeases
from dify_hex.application.task.running_task import Interruption, RunningTask
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TaskId

#: Seconds between two heartbeats; a lease outlasts several of them.
BEAT_EVERY = 1.0


class TaskKeeper:
    """Knows every task under way in this process.

    - An attempt that is not ours any more is ended at once, also when its successor is ours; one
      that was cancelled is told so.
    - While the database is away everything goes on: nobody can take anything over either.
    """

    def __init__(self, *, leases: TaskLeases, owner: str, telemetry: Telemetry) -> None:
        self._leases = leases
        self._owner = owner
        self._telemetry = telemetry
        self._running: dict[tuple[TaskId, int], RunningTask] = {}

    @contextmanager
    def keeping(self, claimed: ClaimedTask) -> Iterator[RunningTask]:
        """Give signs of life of a claimed task until it is concluded."""
        running = RunningTask(claimed, now=asyncio.get_running_loop().time())
        key = (claimed.task_id, claimed.token)
        queue = claimed.queue.value
        self._running[key] = running
        self._telemetry.add_to_gauge(Gauge.JOBS_RUNNING, 1, queue=queue)
        try:
            yield running
        finally:
            del self._running[key]
            self._telemetry.add_to_gauge(Gauge.JOBS_RUNNING, -1, queue=queue)

    async def beat(self) -> None:
        """One heartbeat of everything, which also says what is wanted of it."""
        asked = list(self._running.values())
        if not asked:
            return
        try:
            kept = await self._leases.beat(self._owner, [each.heartbeat() for each in asked])
        except Unavailable:
            return
        cancelled = {(each.task_id, each.token): each.is_cancelled for each in kept}
        for running in asked:
            is_cancelled = cancelled.get((running.task_id, running.claimed.token))
            if is_cancelled is None:
                running.interrupt(Interruption.TAKEN_OVER)
            elif is_cancelled:
                running.interrupt(Interruption.CANCELLED)

    async def keep(self) -> None:
        """Beat for as long as the process lives."""
        while True:
            await self.beat()
            await asyncio.sleep(BEAT_EVERY)
