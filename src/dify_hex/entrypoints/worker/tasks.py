"""What ARQ calls: a message in, a use case, nothing decided."""

from typing import Any

from dify_hex.application.task.job_desk import JobDesk
from dify_hex.domain.task.queue import JobQueue


async def run_task(ctx: dict[str, Any], _tenant_id: str, _task_id: str) -> None:
    """Do a task of the queue: the one that is named, unless it is the turn of another."""
    desk: JobDesk = ctx["desk"]
    queue: JobQueue = ctx["queue"]
    await desk.serve(queue)
