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
_CANCEL_AGAIN = 0.2
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
        parts = [self._listen(), self._hold(), *(each.main() for each in self._workers.values())]
        tasks = {asyncio.create_task(part) for part in parts}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            await asyncio.shield(self._end(tasks))

    async def drain(self, seconds: float) -> None:
        """Take nothing on any more; what does not finish in time goes back to its queue."""
        workers = self._workers.values()
        await asyncio.gather(*(worker.let_finish(seconds) for worker in workers))
        await asyncio.gather(*(worker.end() for worker in workers))

    async def _end(self, tasks: set[asyncio.Task[None]]) -> None:
        # A cancellation that meets a time limit of the client's own is lost in it: say it again.
        while tasks:
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=_CANCEL_AGAIN)
        await asyncio.gather(*(worker.end() for worker in self._workers.values()))

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
