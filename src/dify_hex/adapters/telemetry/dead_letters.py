"""Dead letters, as log lines that somebody is called for."""

import structlog

from dify_hex.application.task.ports import DeadLetters
from dify_hex.domain.shared.ids import TaskId, TenantId

_log = structlog.get_logger("dify_hex.task")


class LoggedDeadLetters(DeadLetters):
    """Writes each to the log, as an error."""

    def report(self, *, tenant_id: TenantId, task_id: TaskId, kind: str, code: str) -> None:
        """Say which task was given up, and why."""
        _log.error(
            "task.dead", tenant_id=str(tenant_id), task_id=str(task_id), kind=kind, code=code
        )
