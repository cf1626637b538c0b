"""Every domain event by its public name: how the outbox finds the class of a stored event."""

from collections.abc import Mapping

from dify_hex.domain.shared.events import DomainEvent

_EVENTS: tuple[type[DomainEvent], ...] = ()

EVENT_TYPES: Mapping[str, type[DomainEvent]] = {event.name: event for event in _EVENTS}
