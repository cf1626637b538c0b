"""Runs as they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dify_hex.domain.shared.ids import AppId, AppVersionId, MessageId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.statuses import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """One run: where it stands and what it came to."""

    id: WorkflowRunId
    app_id: AppId
    app_version_id: AppVersionId | None
    message_id: MessageId | None
    status: RunStatus
    user: str
    outputs: Mapping[str, JsonValue] | None
    error: RunError | None
    usage: Usage
    steps: int
    created_at: datetime
    finished_at: datetime | None
