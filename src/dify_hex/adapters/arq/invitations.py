"""Invites workers to tasks through ARQ: the task's id travels, everything else is in its row."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice

import structlog
from arq.connections import ArqRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dify_hex.adapters.arq.codec import arq_client
from dify_hex.adapters.arq.names import (
    HORIZON,
    JOBS_WAITING,
    RUN_TASK,
    job_id,
    job_key,
    queue_key,
)
from dify_hex.application.shared.jobs import JobAnnouncer, JobInvitation
from dify_hex.application.task.ports import JobInviter
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.task.queue import JobQueue

#: Invitations of one queue that wait to be sent; beyond it they are left to the sweep.
_MAX_WAITING = 20_000
#: How many are handed to Redis at the same time.
_AT_ONCE = 16
#: Seconds that one batch may take, and that are waited after a failure.
_TIMEOUT = 5.0
_PAUSE = 1.0

_log = structlog.get_logger(__name__)


class TransportUnavailable(Unavailable):
    """The transport of background jobs cannot be reached."""


class ArqInvitations(JobAnnouncer, JobInviter):
    """One per process; sends what was announced while its loop runs."""

    def __init__(self, redis: Redis) -> None:
        self._arq: ArqRedis = arq_client(redis)
        self._waiting: dict[JobQueue, deque[JobInvitation]] = {
            queue: deque(maxlen=_MAX_WAITING) for queue in JobQueue
        }
        self._news = asyncio.Event()

    def announce(self, invitations: Sequence[JobInvitation]) -> None:
        """Send them soon; the oldest are forgotten where there are too many."""
        for invitation in invitations:
            self._waiting[invitation.queue].append(invitation)
        self._news.set()

    async def run(self) -> None:
        """Send for as long as the process lives, what is most urgent first."""
        while True:
            await self._news.wait()
            self._news.clear()
            while batch := self._next_batch():
                try:
                    await self._send(batch)
                except (RedisError, OSError) as error:
                    # Their rows are there: the sweep invites to them when Redis is back.
                    _log.warning("redis.away", user="job_invitations", reason=str(error))
                    await asyncio.sleep(_PAUSE)

    def _next_batch(self) -> list[JobInvitation]:
        """Small, so that what is urgent waits for little; in the order that the queues have."""
        waiting = next((each for each in self._waiting.values() if each), deque())
        return [waiting.popleft() for _ in range(min(len(waiting), _AT_ONCE))]

    async def invited(self, queue: JobQueue) -> int:
        """How many jobs ARQ has in the queue."""
        try:
            return int(await self._arq.zcard(queue_key(queue)))
        except (RedisError, OSError) as error:
            raise TransportUnavailable(dependency="redis", retry_after=_PAUSE) from error

    async def invite_again(self, invitations: Sequence[JobInvitation]) -> int:
        """Send those that ARQ does not know."""
        try:
            async with asyncio.timeout(_TIMEOUT):
                async with self._arq.pipeline(transaction=False) as pipeline:
                    for invitation in invitations:
                        pipeline.exists(job_key(job_id(invitation)))
                    known = await pipeline.execute()
            missing = [
                invitation
                for invitation, is_there in zip(invitations, known, strict=True)
                if not is_there
            ]
            for batch in _batches(missing):
                await self._send(batch)
        except (RedisError, OSError) as error:
            raise TransportUnavailable(dependency="redis", retry_after=_PAUSE) from error
        return len(missing)

    async def _send(self, batch: Sequence[JobInvitation]) -> None:
        now = datetime.now(UTC)
        soon = [each for each in batch if each.due_at is None or each.due_at - now < HORIZON]
        async with asyncio.timeout(_TIMEOUT):
            await asyncio.gather(*(self._enqueue(each) for each in soon))
            at_once = {each.queue for each in soon if each.due_at is None or each.due_at <= now}
            for queue in at_once:
                await self._arq.publish(JOBS_WAITING, queue.value)

    async def _enqueue(self, invitation: JobInvitation) -> None:
        await self._arq.enqueue_job(
            RUN_TASK,
            str(invitation.tenant_id),
            str(invitation.task_id),
            _job_id=job_id(invitation),
            _queue_name=queue_key(invitation.queue),
            _defer_until=invitation.due_at,
        )


def _batches(invitations: Iterable[JobInvitation]) -> Iterable[list[JobInvitation]]:
    rest = iter(invitations)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch
