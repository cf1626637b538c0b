"""Reads the streams of all runs that are followed here and owned elsewhere, in one call."""

import asyncio
from collections.abc import Sequence
from typing import cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dify_hex.adapters.redis.connection import Link, Reply, Word
from dify_hex.adapters.redis.entry_batches import FIELD, BatchDecoder
from dify_hex.adapters.redis.run_tail import RunTail
from dify_hex.application.workflow.records import (
    StreamEntry,
)

#: Milliseconds that one read waits; a run that is newly followed waits no longer to be included.
_BLOCK_MS = 100
#: Seconds between two reads, so that many streams' news travel together.
_TICK = 0.01
_BATCHES_PER_READ = 100
_BEFORE_ALL = b"0-0"
_PAUSE = 0.25

_Records = list[tuple[bytes, list[bytes]]]
_log = structlog.get_logger(__name__)


class RunEventFeed:
    """One multiplexed reader per process, however many runs and readers there are."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._link = Link(client)
        self._generation = 0
        self._tails: dict[bytes, RunTail] = {}
        self._news = asyncio.Event()
        self._away_since: float | None = None

    async def join(self, tail: RunTail) -> tuple[int, Sequence[StreamEntry] | None]:
        """Begin to read for one more reader: its place in the tail, and what comes before that."""
        async with tail.joining:
            if tail.owner is not None or (tail.last_id is not None and tail.begin == 0):
                return tail.begin, None
            at, is_fed = tail.end, tail.last_id is not None
            decoder = BatchDecoder()
            upto = tail.last_id or b"+"
            kept: list[StreamEntry] = []
            last = _BEFORE_ALL
            try:
                kept, last = await self._kept(tail.events_key, upto, decoder)
            except (RedisError, OSError) as error:
                self._note_away(error)
            if is_fed or tail.owner is not None:
                return at, kept
            tail.append(kept)
            self.add(tail, last, decoder)
            return tail.end, kept

    def add(self, tail: RunTail, last_id: bytes, decoder: BatchDecoder) -> None:
        """Feed a tail from Redis with what comes after `last_id`."""
        tail.last_id, tail.decoder = last_id, decoder
        tail.away_since = self._away_since
        self._tails[tail.events_key.encode()] = tail
        self._news.set()

    def remove(self, tail: RunTail) -> None:
        """Feed a tail no more."""
        tail.last_id = tail.away_since = None
        self._tails.pop(tail.events_key.encode(), None)

    async def run(self) -> None:
        """Read until cancelled."""
        try:
            while True:
                if not self._tails:
                    self._news.clear()
                    await self._news.wait()
                try:
                    await self._read()
                except (RedisError, OSError) as error:
                    self._note_away(error)
                    await asyncio.sleep(_PAUSE)
                else:
                    await asyncio.sleep(_TICK)
        finally:
            await self._link.close()

    async def _read(self) -> None:
        generation = await self._link.open()
        if generation != self._generation:
            await self._find_places()
            self._generation = generation
        tails = dict(self._tails)
        if not tails:
            # Everybody left while this was waiting for its turn; Redis refuses to read nothing.
            return
        command: list[Word] = ["XREAD", "COUNT", _BATCHES_PER_READ, "BLOCK", _BLOCK_MS, "STREAMS"]
        command += tails
        command += [tail.last_id or _BEFORE_ALL for tail in tails.values()]
        (reply,) = await self._link.call([command], timeout=_BLOCK_MS / 1000 + 2)
        if isinstance(reply, RedisError):
            raise reply
        self._note_back()
        for key, records in cast("list[tuple[bytes, _Records]]", reply or []):
            tail = tails[key]
            if self._tails.get(key) is tail:
                tail.last_id = records[-1][0]
                tail.append(_decoded(records, tail.decoder))

    async def _find_places(self) -> None:
        """After a reconnection: a stream may have lost its end, and go on with lower ids."""
        tails = list(self._tails.values())
        if not (self._generation and tails):
            return
        newest = await self._link.call(
            [("XREVRANGE", tail.events_key, "+", "-", "COUNT", 1) for tail in tails]
        )
        for tail, records in zip(tails, newest, strict=True):
            last = _last_id(records)
            if _order(last) < _order(tail.last_id or _BEFORE_ALL):
                tail.last_id = last

    async def _kept(
        self, key: str, upto: bytes, decoder: BatchDecoder
    ) -> tuple[list[StreamEntry], bytes]:
        kept: list[StreamEntry] = []
        first, last = b"-", _BEFORE_ALL
        while True:
            found = await self._client.xrange(key, first, upto, _BATCHES_PER_READ)
            records = [(record_id, [FIELD, fields[FIELD]]) for record_id, fields in found]
            kept += _decoded(records, decoder)
            if records:
                last = records[-1][0]
                first = b"(" + last
            if len(records) < _BATCHES_PER_READ:
                return kept, last

    def _note_away(self, error: Exception) -> None:
        if self._away_since is None:
            self._away_since = asyncio.get_running_loop().time()
            _log.warning("redis.away", user="run_event_feed", reason=str(error))
        for tail in self._tails.values():
            tail.away_since = self._away_since

    def _note_back(self) -> None:
        if self._away_since is None:
            return
        self._away_since = None
        _log.info("redis.back", user="run_event_feed")
        for tail in self._tails.values():
            tail.away_since = None


def _decoded(records: _Records, decoder: BatchDecoder) -> list[StreamEntry]:
    return [
        entry
        for _, fields in records
        if fields and fields[0] == FIELD
        for entry in decoder.decode(fields[1])
    ]


def _last_id(records: Reply) -> bytes:
    found = cast("_Records", records if isinstance(records, list) else [])
    return found[0][0] if found else _BEFORE_ALL


def _order(record_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = record_id.partition(b"-")
    return int(milliseconds), int(number)
