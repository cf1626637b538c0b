"""What the keys of runs are called."""

from dify_hex.domain.shared.ids import TenantId, WorkflowRunId

#: Pub/sub channels: the id of a run whose desired state has changed; that a run waits.
RUN_CHANGED = "dify_hex:runs:changed"
RUNS_WAITING = "dify_hex:runs:waiting"


def events_key(tenant_id: TenantId, run_id: WorkflowRunId) -> str:
    """The event stream of a run; under the tenant, so that no other can reach it."""
    return f"dify_hex:{tenant_id}:run:{run_id}:events"


def readers_key(run_id: WorkflowRunId) -> str:
    """How many read a run, by process."""
    return f"dify_hex:run:{run_id}:readers"
