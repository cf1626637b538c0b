"""What the platform itself tells every graph of the run that it is in."""

from uuid import UUID

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.variables.selector import SYSTEM


def system_values(facts: RunStarted) -> tuple[NodeId, JsonObject]:
    """The system variables of a run; those that do not apply to it are absent."""
    values: dict[str, JsonValue] = {
        "query": facts.query,
        "user_id": facts.user,
        "app_id": str(facts.app_id),
        "conversation_id": _text(facts.conversation_id),
        "message_id": _text(facts.message_id),
        "workflow_run_id": str(facts.run_id),
        "workflow_id": _text(facts.app_version_id),
        "dialogue_count": facts.dialogue_count if facts.conversation_id else None,
        "files": list(facts.files),
        "timestamp": int(facts.at.timestamp()),
    }
    return SYSTEM, {name: value for name, value in values.items() if value is not None}


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)
