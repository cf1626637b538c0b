"""What ARQ's queues, its one function and our wake-up are called."""

from datetime import timedelta

from arq.constants import in_progress_key_prefix, job_key_prefix

from dify_hex.application.shared.jobs import JobInvitation
from dify_hex.domain.task.queue import JobQueue

#: The function that every job of ARQ calls.
RUN_TASK = "run_task"
#: Pub/sub channel; a message is the name of a queue in which something waits.
JOBS_WAITING = "dify_hex:jobs:waiting"
#: What is due later than this is invited to when it is.
HORIZON = timedelta(hours=12)


def queue_key(queue: JobQueue) -> str:
    """The sorted set of a queue."""
    return f"dify_hex:jobs:{queue.value}"


def job_id(invitation: JobInvitation) -> str:
    """What ARQ calls an invitation: the same one twice is one."""
    return f"{invitation.task_id}.{invitation.token}"


def job_key(job_id: str) -> str:
    """Where ARQ keeps a job until it was done."""
    return f"{job_key_prefix}{job_id}"


def in_progress_key(job_id: str) -> str:
    """With what ARQ keeps other workers from a job."""
    return f"{in_progress_key_prefix}{job_id}"
