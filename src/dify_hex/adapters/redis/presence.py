"""Says in Redis which runs are read by this process, and asks which are read anywhere."""

import asyncio
from collections.abc import Mapping, Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

from dify_hex.adapters.redis.connection import Link, Word
from dify_hex.adapters.redis.run_keys import readers_key
from dify_hex.domain.shared.ids import WorkflowRunId

#: Milliseconds after which a process that says nothing any more reads nothing any more.
TTL_MS = 15_000
#: Seconds between two renewals, and between a change and its being told.
RENEW_EVERY = 5.0
_TOLD_WITHIN = 0.05
_PAUSE = 0.5


class Presence:
    """One hash per run, from process to count of readers.

    Every process that reads a run prolongs the hash; the field of one that died goes with it when
    nobody else reads.
    """

    def __init__(self, client: Redis, process: str) -> None:
        self._client = client
        self._link = Link(client)
        self._process = process
        self._counts: dict[WorkflowRunId, int] = {}
        self._changed: set[WorkflowRunId] = set()
        self._news = asyncio.Event()

    def arrive(self, run_id: WorkflowRunId) -> None:
        """One more reader of the run, here."""
        self._counts[run_id] = self._counts.get(run_id, 0) + 1
        self._note(run_id)

    def leave(self, run_id: WorkflowRunId) -> None:
        """One reader less."""
        left = self._counts[run_id] - 1
        if left:
            self._counts[run_id] = left
        else:
            del self._counts[run_id]
        self._note(run_id)

    async def count(self, runs: Sequence[WorkflowRunId]) -> Mapping[WorkflowRunId, int | None]:
        """How many read each run, at least; exact where it is 0, None when Redis cannot say."""
        counts: dict[WorkflowRunId, int | None] = {run: self._counts.get(run) for run in runs}
        unread = [run for run, count in counts.items() if count is None]
        if not unread:
            return counts
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for run in unread:
                    pipeline.hgetall(readers_key(run))
                answers = await pipeline.execute()
        except (RedisError, OSError):
            return counts
        own = self._process.encode()
        for run, answer in zip(unread, answers, strict=True):
            elsewhere = sum(int(count) for process, count in answer.items() if process != own)
            counts[run] = elsewhere + self._counts.get(run, 0)
        return counts

    async def run(self) -> None:
        """Tell Redis until cancelled."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + RENEW_EVERY
        try:
            while True:
                try:
                    async with asyncio.timeout_at(renew_at):
                        await self._news.wait()
                except TimeoutError:
                    self._changed.update(self._counts)
                    renew_at = loop.time() + RENEW_EVERY
                await asyncio.sleep(_TOLD_WITHIN)
                await self._tell()
        finally:
            await self._link.close()

    async def _tell(self) -> None:
        self._news.clear()
        changed, self._changed = self._changed, set()
        commands: list[tuple[Word, ...]] = []
        for run in changed:
            key, count = readers_key(run), self._counts.get(run)
            if count is None:
                commands.append(("HDEL", key, self._process))
            else:
                commands.append(("HSET", key, self._process, count))
                commands.append(("PEXPIRE", key, TTL_MS))
        if not commands:
            return
        try:
            await self._link.call(commands)
        except (RedisError, OSError):
            # Without Redis nobody can ask either; what was not told is told when it is back.
            self._changed |= changed
            await asyncio.sleep(_PAUSE)
            self._news.set()

    def _note(self, run_id: WorkflowRunId) -> None:
        self._changed.add(run_id)
        self._news.set()
