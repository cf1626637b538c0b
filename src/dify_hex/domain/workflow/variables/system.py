"""The variables that the platform itself provides to every graph."""

from collections.abc import Mapping

from dify_hex.domain.workflow.variables.value_type import ValueType

#: Names that a selector may use with `sys`, and what is found there.
SYSTEM_TYPES: Mapping[str, ValueType] = {
    "query": ValueType.STRING,
    "files": ValueType.FILES,
    "user_id": ValueType.STRING,
    "app_id": ValueType.STRING,
    "conversation_id": ValueType.STRING,
    "message_id": ValueType.STRING,
    "dialogue_count": ValueType.INTEGER,
    "workflow_id": ValueType.STRING,
    "workflow_run_id": ValueType.STRING,
    "timestamp": ValueType.INTEGER,
}
