"""Wake-ups between processes over Redis pub/sub."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dify_hex.adapters.redis.run_keys import RUN_CHANGED, RUNS_WAITING
from dify_hex.application.workflow.ports import RunSignals
from dify_hex.domain.shared.ids import WorkflowRunId

#: Changes that nobody has taken up beyond this are dropped: the lease renewal finds them too.
_MAX_CHANGES = 10_000
_FIRST_PAUSE = 0.1
_CANCEL_AGAIN = 0.2
_LONGEST_PAUSE = 1.0
#: Seconds without a message after which the connection is asked whether it still stands.
_LISTEN_FOR = 5.0

_log = structlog.get_logger(__name__)


class RedisRunSignals(RunSignals, AbstractAsyncContextManager["RedisRunSignals"]):
    """One per process; hears others while its context is open. What cannot be sent is lost."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._changes: asyncio.Queue[WorkflowRunId] = asyncio.Queue(_MAX_CHANGES)
        self._waiting = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen(), name="RedisRunSignals")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A cancellation that meets a time limit of the client's own is lost in it: say it again.
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_CANCEL_AGAIN)

    async def run_changed(self, run_id: WorkflowRunId) -> None:
        """Tell the owner that the desired state of its run has changed."""
        with suppress(RedisError, OSError):
            await self._client.publish(RUN_CHANGED, str(run_id))

    async def runs_waiting(self) -> None:
        """Tell the workers that there is a run to claim."""
        with suppress(RedisError, OSError):
            await self._client.publish(RUNS_WAITING, b"")

    async def changes(self) -> AsyncIterator[WorkflowRunId]:
        """The runs others have changed, for as long as the process lives."""
        while True:
            yield await self._changes.get()

    async def wait_for_runs(self, timeout: float) -> None:
        """Return when a run may be waiting, at the latest after `timeout` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._waiting.wait()
        self._waiting.clear()

    async def _listen(self) -> None:
        pause, is_away = _FIRST_PAUSE, False
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await pubsub.subscribe(RUN_CHANGED, RUNS_WAITING)
                    pause, is_away = _FIRST_PAUSE, False
                    # What was published before the subscription stood was not heard.
                    self._waiting.set()
                    while True:
                        message = await pubsub.get_message(
                            ignore_subscribe_messages=True, timeout=_LISTEN_FOR
                        )
                        self._hear(message)
                        if message is None:
                            await pubsub.ping()
            except (RedisError, OSError) as error:
                if not is_away:
                    is_away = True
                    _log.warning("redis.away", user="run_signals", reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _hear(self, message: dict[str, object] | None) -> None:
        match message:
            case {"type": "message", "channel": channel, "data": bytes(data)}:
                if channel == RUNS_WAITING.encode():
                    self._waiting.set()
                else:
                    with suppress(ValueError, asyncio.QueueFull):
                        self._changes.put_nowait(WorkflowRunId(UUID(data.decode("ascii"))))
            case _:
                return
