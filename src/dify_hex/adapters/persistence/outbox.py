"""The outbox as its relay sees it: claims, retries and dead letters in PostgreSQL."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import asyncpg
from pydantic import ValidationError

from dify_hex.adapters.persistence.engine import PoolSettings, connect
from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.event_codec import UnknownEvent, decode_event
from dify_hex.adapters.persistence.outbox_rows import CHANNEL
from dify_hex.application.shared.outbox_store import FailedDelivery, OutboxStore, PendingEvent
from dify_hex.domain.shared.ids import EventId

#: The row is claimed by moving its next attempt into the future, so no connection is held while
#: handlers work, and a relay that dies gives its events back without doing anything. The ids come
#: as an array, which is made once; what is asked for by IN may be asked for again for every row.
_CLAIM = """
UPDATE outbox_events
SET attempts = attempts + 1, next_attempt_at = now() + $2::interval
WHERE id = ANY(ARRAY(
    SELECT id FROM outbox_events
    WHERE dead_at IS NULL AND next_attempt_at <= now()
    ORDER BY next_attempt_at, id
    LIMIT $1
    FOR UPDATE SKIP LOCKED
))
RETURNING id, name, payload, attempts, delivered_to
"""
_DELIVERED = "DELETE FROM outbox_events WHERE id = ANY($1::uuid[])"
_FAILED = """
UPDATE outbox_events
SET delivered_to = $2, last_error = $3,
    next_attempt_at = now() + coalesce($4::interval, '0'),
    dead_at = CASE WHEN $4::interval IS NULL THEN now() END
WHERE id = $1
"""
#: An event that is delivered twice is so within its retries, which end long before this.
_PRUNE = "DELETE FROM consumed_events WHERE consumed_at < now() - interval '7 days'"
#: A release that is older than the event cannot read it; a newer one will, after this long.
_UNREADABLE_RETRY = timedelta(minutes=5)
_MAX_ERROR_LENGTH = 1000
_BURST_SECONDS = 0.05


class SqlOutboxStore(OutboxStore):
    """Works with the system role, across all tenants.

    `url` is for one connection more than the pool's: it listens for announcements.
    """

    def __init__(self, pool: asyncpg.Pool, url: str) -> None:
        self._pool = pool
        self._url = url
        self._listener: asyncpg.Connection | None = None
        self._news = asyncio.Event()

    async def claim(self, limit: int, lasts: timedelta) -> Sequence[PendingEvent]:
        """Take due events, oldest first; one that cannot be read is put off."""
        self._news.clear()
        with translating():
            rows = await self._pool.fetch(_CLAIM, limit, lasts)
        # RETURNING keeps no order.
        rows.sort(key=lambda row: row["id"])
        return [pending for row in rows if (pending := await self._read(row)) is not None]

    async def delivered(self, event_ids: Sequence[EventId]) -> None:
        """Forget events that every handler has taken."""
        with translating():
            await self._pool.execute(_DELIVERED, event_ids)

    async def failed(self, failure: FailedDelivery) -> None:
        """Keep an event for another attempt, or as dead."""
        with translating():
            await self._pool.execute(
                _FAILED,
                failure.id,
                sorted(failure.delivered_to),
                failure.error[:_MAX_ERROR_LENGTH],
                failure.retry_in,
            )

    async def prune(self) -> None:
        """Forget who consumed events that are long gone."""
        with translating():
            await self._pool.execute(_PRUNE)

    async def wait_for_news(self, timeout: timedelta) -> None:
        """Return at an announcement, or after the timeout."""
        await self._listen()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout.total_seconds()):
                await self._news.wait()
                # One look finds what a burst of commits has announced one by one.
                await asyncio.sleep(_BURST_SECONDS)

    async def close(self) -> None:
        """Stop listening."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.terminate()

    async def _read(self, row: asyncpg.Record) -> PendingEvent | None:
        try:
            event = decode_event(row["name"], row["payload"])
        except (UnknownEvent, ValidationError) as error:
            await self.failed(
                FailedDelivery(
                    id=EventId(row["id"]),
                    delivered_to=frozenset(row["delivered_to"]),
                    error=f"unreadable: {type(error).__name__}",
                    retry_in=_UNREADABLE_RETRY,
                )
            )
            return None
        return PendingEvent(
            id=EventId(row["id"]),
            event=event,
            attempts=row["attempts"],
            delivered_to=frozenset(row["delivered_to"]),
        )

    async def _listen(self) -> None:
        if self._listener is not None and not self._listener.is_closed():
            return
        with translating():
            listener = await connect(
                self._url, PoolSettings(application_name="dify-hex relay", size=1)
            )
            await listener.add_listener(CHANNEL, self._announced)
        self._listener = listener
        # What was announced while nobody listened has to be looked for.
        self._news.set()

    def _announced(self, *_: object) -> None:
        self._news.set()
