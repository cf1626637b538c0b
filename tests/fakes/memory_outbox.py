"""The outbox in memory, with a clock that tests move."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from dify_hex.application.shared.outbox_store import (
    DeadEvent,
    FailedDelivery,
    OutboxBacklog,
    OutboxReader,
    OutboxStore,
    PendingEvent,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId


@dataclass(slots=True)
class _Stored:
    event: DomainEvent
    due: timedelta
    attempts: int = 0
    delivered_to: frozenset[str] = frozenset()
    error: str = ""
    dead: bool = False


class MemoryOutbox(OutboxStore, OutboxReader):
    """Events by id; `pass_time` makes what was put off due."""

    def __init__(self) -> None:
        self._events: dict[EventId, _Stored] = {}
        self._now = timedelta()
        self._news = asyncio.Event()
        self.outages = 0
        self.prunings = 0

    def store(self, event: DomainEvent) -> EventId:
        """Commit an event."""
        event_id = EventId(uuid4())
        self._events[event_id] = _Stored(event, self._now)
        self._news.set()
        return event_id

    def pass_time(self, time: timedelta) -> None:
        """Let time pass."""
        self._now += time

    def due_in(self, event_id: EventId) -> timedelta:
        """How long until the event is tried again."""
        return self._events[event_id].due - self._now

    async def claim(self, limit: int, lasts: timedelta) -> Sequence[PendingEvent]:
        if self.outages:
            self.outages -= 1
            raise Unavailable(dependency="database")
        self._news.clear()
        claimed: list[PendingEvent] = []
        for event_id, stored in self._events.items():
            if stored.dead or stored.due > self._now or len(claimed) == limit:
                continue
            stored.due = self._now + lasts
            stored.attempts += 1
            claimed.append(
                PendingEvent(
                    id=event_id,
                    event=stored.event,
                    attempts=stored.attempts,
                    delivered_to=stored.delivered_to,
                )
            )
        return claimed

    async def delivered(self, event_ids: Sequence[EventId]) -> None:
        for event_id in event_ids:
            del self._events[event_id]

    async def failed(self, failure: FailedDelivery) -> None:
        stored = self._events[failure.id]
        stored.delivered_to = failure.delivered_to
        stored.error = failure.error
        stored.dead = failure.retry_in is None
        stored.due = self._now + (failure.retry_in or timedelta())

    async def prune(self) -> None:
        self.prunings += 1

    async def wait_for_news(self, timeout: timedelta) -> None:
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._news.wait()
        except TimeoutError:
            return

    async def backlog(self) -> OutboxBacklog:
        dead = sum(stored.dead for stored in self._events.values())
        return OutboxBacklog(pending=len(self._events) - dead, dead=dead)

    async def dead_events(self, limit: int) -> Sequence[DeadEvent]:
        dead = [
            DeadEvent(
                id=event_id,
                tenant_id=stored.event.tenant_id,
                name=stored.event.name,
                attempts=stored.attempts,
                error=stored.error,
                dead_at=stored.event.occurred_at,
            )
            for event_id, stored in self._events.items()
            if stored.dead
        ]
        return dead[:limit]
