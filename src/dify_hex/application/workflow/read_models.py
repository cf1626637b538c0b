"""Runs as they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dify_hex.domain.shared.ids import (
    AppId,
    AppVersionId,
    EndUserName,
    MessageId,
    WorkflowRunId,
)
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
    parent_run_id: WorkflowRunId | None = None
    #: What the run began with; None where runs are listed, and once the journal is gone.
    inputs: Mapping[str, JsonValue] | None = None
    #: When a paused run expires, where nobody comes back.
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to list; None means all."""

    app_id: AppId | None = None
    status: RunStatus | None = None
    user: EndUserName | None = None
    parent_run_id: WorkflowRunId | None = None
    #: Begun at this moment or later; begun before this moment.
    created_after: datetime | None = None
    created_before: datetime | None = None
