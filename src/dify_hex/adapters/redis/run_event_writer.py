"""Sends what all runs of this process write to Redis, together, a few times per second."""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dify_hex.adapters.redis.connection import Link, Reply, Word
from dify_hex.adapters.redis.run_outbox import RunOutbox

#: Seconds between two sendings; the first after a silence goes at once.
TICK = 0.02
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0

_log = structlog.get_logger(__name__)


class RunEventSender:
    """The only one in a process that writes event streams; it never makes an engine wait."""

    def __init__(self, client: Redis) -> None:
        self._link = Link(client)
        self._generation = 0
        self._open: set[RunOutbox] = set()
        self._dirty: set[RunOutbox] = set()
        self._news = asyncio.Event()
        #: Whether Redis could not be reached the last time.
        self.is_away = False

    def add(self, outbox: RunOutbox) -> None:
        """Serve an outbox from now on."""
        self._open.add(outbox)

    def remove(self, outbox: RunOutbox) -> None:
        """Forget an outbox and what is left in it."""
        self._open.discard(outbox)
        self._dirty.discard(outbox)
        outbox.settled.set()

    def notice(self, outbox: RunOutbox) -> None:
        """There is something in an outbox."""
        if self.is_away:
            outbox.lose()
        self._dirty.add(outbox)
        self._news.set()

    async def run(self) -> None:
        """Send until cancelled."""
        pause = _FIRST_PAUSE
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                try:
                    await self._send()
                except (RedisError, OSError) as error:
                    self._lose_all(error)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                else:
                    pause = _FIRST_PAUSE
                    await asyncio.sleep(TICK)
        finally:
            await self._link.close()

    async def _send(self) -> None:
        generation = await self._link.open()
        if generation != self._generation:
            if self._generation:
                # Between two connections anything may have been forgotten.
                for outbox in self._open:
                    outbox.lose()
            self._generation = generation
            if self.is_away:
                _log.info("redis.back", user="run_event_sender")
            self.is_away = False
            self._dirty.update(self._open)
        now = asyncio.get_running_loop().time()
        sending, self._dirty = [box for box in self._dirty if box.has_news], set()
        commands: list[tuple[Word, ...]] = []
        counts: list[int] = []
        for outbox in sending:
            of_this = outbox.commands(now)
            commands += of_this
            counts.append(len(of_this))
        if commands:
            self._conclude(sending, counts, await self._link.call(commands))

    def _conclude(self, sent: list[RunOutbox], counts: list[int], replies: list[Reply]) -> None:
        at = 0
        for outbox, count in zip(sent, counts, strict=True):
            outbox.conclude(replies[at : at + count])
            at += count
            if outbox.has_news and outbox in self._open:
                self._dirty.add(outbox)
                self._news.set()

    def _lose_all(self, error: Exception) -> None:
        if not self.is_away:
            self.is_away = True
            _log.warning("redis.away", user="run_event_sender", reason=str(error))
        for outbox in self._open:
            outbox.lose()
        if self._open:
            self._dirty.update(self._open)
            self._news.set()
