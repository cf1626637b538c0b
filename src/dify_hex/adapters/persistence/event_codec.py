"""Domain events to JSON and back, by their public names."""

from typing import Any

from pydantic import TypeAdapter

from dify_hex.adapters.persistence.event_types import EVENT_TYPES
from dify_hex.domain.shared.events import DomainEvent

_ADAPTERS: dict[type[DomainEvent], TypeAdapter[DomainEvent]] = {}


class UnknownEvent(Exception):
    """An event was stored under a name that this release does not know."""


def encode_event(event: DomainEvent) -> dict[str, Any]:
    """The event's fields as values that JSON can hold."""
    fields: dict[str, Any] = _adapter(type(event)).dump_python(event, mode="json")
    return fields


def decode_event(name: str, payload: str) -> DomainEvent:
    """The event that was stored under the name.

    Raises:
        UnknownEvent: no event has the name.
        pydantic.ValidationError: the event has other fields now.
    """
    event_type = EVENT_TYPES.get(name)
    if event_type is None:
        raise UnknownEvent(name)
    return _adapter(event_type).validate_json(payload)


def _adapter(event_type: type[DomainEvent]) -> TypeAdapter[DomainEvent]:
    known = _ADAPTERS.get(event_type)
    if known is None:
        known = _ADAPTERS[event_type] = TypeAdapter(event_type)
    return known
