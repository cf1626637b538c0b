"""Reacting to events after they are committed: at least once delivered, once in effect."""

from abc import abstractmethod
from typing import ClassVar, Protocol

from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId


class EventHandler(Protocol):
    """Reacts to some kinds of events with one effect.

    The relay calls it at least once per event. A handler that changes the database records
    `(handler_name, event_id)` through its unit of work, so that a second call finds it done.
    """

    handler_name: ClassVar[str]
    event_types: ClassVar[tuple[type[DomainEvent], ...]]

    @abstractmethod
    async def handle(self, event_id: EventId, event: DomainEvent) -> None:
        """React to the event; raising makes the relay try again later."""


class ConsumingWork(UnitOfWork, Protocol):
    """A unit of work in which an event handler has its effect."""

    @abstractmethod
    async def mark_consumed(self, handler_name: str, event_id: EventId) -> bool:
        """Record that the handler has had its effect; False when it had it before.

        Call it before the effect, and leave the effect out when the answer is False.
        """
