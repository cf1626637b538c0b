"""RunEvents as JSON, one type adapter per event."""

from pydantic import TypeAdapter

from dify_hex.application.workflow.ports import RunEventCodec
from dify_hex.domain.workflow.run_events import EVENT_TYPES, RunEvent

_ADAPTERS: dict[str, TypeAdapter[RunEvent]] = {
    name: TypeAdapter(event) for name, event in EVENT_TYPES.items()
}


class PydanticRunEventCodec(RunEventCodec):
    """What is journalled is what readers are shown; nothing is encoded twice."""

    def encode(self, event: RunEvent) -> str:
        """A JSON object of the event's fields, without its type."""
        return _ADAPTERS[event.type].dump_json(event).decode()

    def decode(self, type_name: str, payload: str) -> RunEvent:
        """The event that was encoded."""
        return _ADAPTERS[type_name].validate_json(payload)
