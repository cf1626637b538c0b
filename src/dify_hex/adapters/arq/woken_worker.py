"""ARQ's worker, woken when something waits; its poll remains, for what nobody announced."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from arq.connections import ArqRedis
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func
from redis.exceptions import RedisError

from dify_hex.adapters.arq.codec import dump, load
from dify_hex.adapters.arq.names import RUN_TASK, in_progress_key, queue_key
from dify_hex.domain.task.order import LONGEST_LIMIT
from dify_hex.domain.task.queue import JobQueue

#: Seconds between two looks at a queue that nobody announces anything of.
POLL_EVERY = 0.5
#: Seconds for which ARQ leaves a job to a worker that shows no sign of life any more.
HELD_FOR = 30
#: Tasks have limits of their own; ARQ's is beyond all of them.
_ARQ_TIMEOUT = LONGEST_LIMIT + timedelta(minutes=10)
#: The rows count attempts; ARQ hands a job on as often as workers stop.
_ARQ_TRIES = 10_000
_CANCEL_AGAIN = 1.0

_log = structlog.get_logger(__name__)


class WokenWorker(Worker):
    """The places of one queue in this process.

    A job of ARQ is an invitation, so that one which is delivered twice does no harm: the rows say
    what is to be done. While Redis is away the jobs under way go on.
    """

    def __init__(
        self,
        run_task: WorkerCoroutine,
        *,
        queue: JobQueue,
        places: int,
        client: ArqRedis,
        ctx: dict[Any, Any],
    ) -> None:
        super().__init__(
            functions=[func(run_task, name=RUN_TASK, keep_result=0)],
            queue_name=queue_key(queue),
            redis_pool=client,
            handle_signals=False,
            max_jobs=places,
            job_timeout=_ARQ_TIMEOUT,
            keep_result=0,
            max_tries=_ARQ_TRIES,
            poll_delay=POLL_EVERY,
            ctx={**ctx, "queue": queue},
            job_serializer=dump,
            job_deserializer=load,
            log_results=False,
        )
        self.in_progress_timeout_s = HELD_FOR
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    async def main(self) -> None:
        """Begin what waits whenever woken, and every now and then."""
        is_away = False
        while True:
            self._wake.clear()
            try:
                await self._poll_iteration()
                is_away = False
            except (RedisError, OSError) as error:
                if not is_away:
                    is_away = True
                    _log.warning("redis.away", user=self.queue_name, reason=str(error))
                await asyncio.sleep(POLL_EVERY)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_EVERY):
                    await self._wake.wait()

    async def hold(self) -> None:
        """Keep other workers from what is under way here."""
        async with self.pool.pipeline(transaction=False) as pipeline:
            for job_id in list(self.job_tasks):
                pipeline.psetex(in_progress_key(job_id), HELD_FOR * 1000, b"1")
            await pipeline.execute()

    async def let_finish(self, seconds: float) -> None:
        """Take nothing on any more, and wait so long for what is under way."""
        self.allow_pick_jobs = False
        if self.tasks:
            await asyncio.wait(self.tasks.values(), timeout=seconds)

    async def end(self) -> None:
        """End everything under way; its tasks go back to their queue."""
        self.allow_pick_jobs = False
        open_jobs = set(self.tasks.values())
        while open_jobs:
            for job in open_jobs:
                job.cancel()
            ended, open_jobs = await asyncio.wait(open_jobs, timeout=_CANCEL_AGAIN)
            for job in ended:
                # Where Redis is away ARQ could not put it back: its row is back all the same.
                _ = job.cancelled() or job.exception()

    def _release_sem_dec_counter_on_complete(self) -> None:
        super()._release_sem_dec_counter_on_complete()
        # A place is free, so that whatever waits need not do so for the next look.
        self.wake()
