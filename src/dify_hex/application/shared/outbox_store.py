"""The outbox as its relay and its operators see it."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEvent:
    """An event that a relay has claimed; `attempts` counts this one."""

    id: EventId
    event: DomainEvent
    attempts: int
    #: Names of the handlers that have taken it in earlier attempts.
    delivered_to: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """What becomes of an event that some handler has not taken."""

    id: EventId
    delivered_to: frozenset[str]
    error: str
    #: When to try again; None gives the event up.
    retry_in: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxBacklog:
    """How much waits for delivery, and how much was given up."""

    pending: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEvent:
    """An event that was given up, for people to look into."""

    id: EventId
    tenant_id: TenantId
    name: str
    attempts: int
    error: str
    dead_at: datetime


class OutboxStore(Protocol):
    """Committed events that wait for delivery.

    Every method raises `Unavailable` when the store cannot be reached.
    """

    @abstractmethod
    async def claim(self, limit: int, lasts: timedelta) -> Sequence[PendingEvent]:
        """Take due events, oldest first, out of other relays' hands for a while."""

    @abstractmethod
    async def delivered(self, event_ids: Sequence[EventId]) -> None:
        """Forget events that every handler has taken."""

    @abstractmethod
    async def failed(self, failure: FailedDelivery) -> None:
        """Keep an event for another attempt, or as dead."""

    @abstractmethod
    async def prune(self) -> None:
        """Forget who consumed events that are long gone."""

    @abstractmethod
    async def wait_for_news(self, timeout: timedelta) -> None:
        """Return when new events were committed, or after the timeout."""


class OutboxReader(Protocol):
    """What operators may see of the outbox, across all tenants."""

    @abstractmethod
    async def backlog(self) -> OutboxBacklog:
        """How much waits and how much is dead."""

    @abstractmethod
    async def dead_events(self, limit: int) -> Sequence[DeadEvent]:
        """The events given up last, newest first."""
