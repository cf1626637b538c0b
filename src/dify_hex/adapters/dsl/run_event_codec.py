"""RunEvents as JSON, one type adapter per event."""

from pydantic import JsonValue, TypeAdapter

from dify_hex.application.workflow.ports import RunEventCodec
from dify_hex.domain.workflow.run_events import EVENT_TYPES, RunEvent


def _adapter(event: type[RunEvent]) -> TypeAdapter[RunEvent]:
    adapter: TypeAdapter[RunEvent] = TypeAdapter(event)
    # The domain's own recursive JSON type is meant by its name; Pydantic brings one it can build.
    adapter.rebuild(raise_errors=True, _types_namespace={"JsonValue": JsonValue})
    return adapter


_ADAPTERS: dict[str, TypeAdapter[RunEvent]] = {
    name: _adapter(event) for name, event in EVENT_TYPES.items()
}


class PydanticRunEventCodec(RunEventCodec):
    """What is journalled is what readers are shown; nothing is encoded twice."""

    def encode(self, event: RunEvent) -> str:
        """A JSON object of the event's fields, without its type."""
        return _ADAPTERS[event.type].dump_json(event).decode()

    def decode(self, type_name: str, payload: str) -> RunEvent:
        """The event that was encoded."""
        return _ADAPTERS[type_name].validate_json(payload)
