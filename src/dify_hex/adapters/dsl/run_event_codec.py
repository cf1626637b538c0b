"""RunEvents as JSON, one type adapter per event."""

from typing import cast

from dify_hex.adapters.dsl.domain_forms import adapter_for
from dify_hex.application.workflow.ports import RunEventCodec
from dify_hex.domain.workflow.run_events import EVENT_TYPES, RunEvent

_ADAPTERS = {name: adapter_for(event) for name, event in EVENT_TYPES.items()}
_WRITERS = {name: adapter.serializer.to_json for name, adapter in _ADAPTERS.items()}


class PydanticRunEventCodec(RunEventCodec):
    """What is journalled is what readers are shown; nothing is encoded twice."""

    def encode(self, event: RunEvent) -> str:
        """A JSON object of the event's fields, without its type."""
        return _WRITERS[event.type](event).decode()

    def decode(self, type_name: str, payload: str) -> RunEvent:
        """The event that was encoded."""
        return cast("RunEvent", _ADAPTERS[type_name].validate_json(payload))
