"""The workers of one process: one per queue, so that a flood in one leaves the others alone."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import structlog
from arq.typing import WorkerCoroutine
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dify_hex.adapters.arq.codec import arq_client
from dify_hex.adapters.arq.names import JOBS_WAITING
from dify_hex.adapters.arq.woken_worker import HELD_FOR, WokenWorker
from dify_hex.application.task.job_desk import JobDesk
from dify_hex.domain.task.queue import JobQueue

#: Seconds without a message after which the connection is asked whether it still stands.
_LISTEN_FOR = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0

_log = structlog.get_logger(__name__)


class ArqWorkers:
    """Runs `run_task` in the places of every queue; what it needs is `ctx["desk"]`."""

    def __init__(
        self,
        redis: Redis,
        *,
        run_task: WorkerCoroutine,
        desk: JobDesk,
        places: Mapping[JobQueue, int],
    ) -> None:
        self._redis = redis
        self._run_task = run_task
        self._desk = desk
        self._places = places
        self._workers: dict[JobQueue, WokenWorker] = {}

    async def run(self) -> None:
        """Work until cancelled; then what is under way goes back to its queue."""
        ctx: dict[Any, Any] = {"desk": self._desk}
        client = arq_client(self._redis)
        self._workers = {
            queue: WokenWorker(self._run_task, queue=queue, places=number, client=client, ctx=ctx)
            for queue, number in self._places.items()
        }
        workers = self._workers.values()
        try:
            async with asyncio.TaskGroup() as group:
                for worker in workers:
                    group.create_task(worker.main())
                group.create_task(self._listen())
                group.create_task(self._hold())
        finally:
            await asyncio.shield(asyncio.gather(*(worker.end() for worker in workers)))

    async def drain(self, seconds: float) -> None:
        """Take nothing on any more, and let what is under way finish for a while."""
        await asyncio.gather(*(each.let_finish(seconds) for each in self._workers.values()))

    async def _hold(self) -> None:
        while True:
            await asyncio.sleep(HELD_FOR / 3)
            with suppress(RedisError, OSError):
                for worker in self._workers.values():
                    await worker.hold()

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(JOBS_WAITING)
                    pause = _FIRST_PAUSE
                    # What was published before the subscription stood was not heard.
                    for queue in self._workers:
                        self._wake(queue)
                    while True:
                        message = await pubsub.get_message(
                            ignore_subscribe_messages=True, timeout=_LISTEN_FOR
                        )
                        self._hear(message)
                        if message is None:
                            await pubsub.ping()
            except (RedisError, OSError) as error:
                if pause == _FIRST_PAUSE:
                    _log.warning("redis.away", user="job_workers", reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _hear(self, message: dict[str, object] | None) -> None:
        match message:
            case {"type": "message", "data": bytes(data)}:
                with suppress(ValueError):
                    self._wake(JobQueue(data.decode("ascii", "replace")))
            case _:
                return

    def _wake(self, queue: JobQueue) -> None:
        if queue in self._workers:
            self._workers[queue].wake()
            self._desk.tell(queue)
