"""Background jobs in the processes that do them: a real worker, its end, its metrics, its log."""

import asyncio
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.task.queue import JobQueue
from tests.builders.job_stand import JobStand, job_stand
from tests.fakes.servers import RunningServers
from tests.integration.bootstrap.service import (
    STOP_LIMIT,
    WORKER,
    environment_for,
    process,
    until_logged,
)

#: Nobody knows how to do it, which a worker says at once.
REQUEST = JobRequest(kind="unheard_of", queue=JobQueue.HIGH, max_attempts=1)
#: Milliseconds; this machine does other things as well.
PATIENCE = 500


@pytest.fixture
def tenant_id() -> TenantId:
    return TenantId(uuid4())


async def waited(stand: JobStand, tenant_id: TenantId) -> float:
    """Milliseconds from a job's commit to its beginning, by the database's clock."""
    [task_id] = await stand.enqueue(tenant_id, REQUEST)
    task = await stand.finished(tenant_id, task_id, within=30)
    assert (task.error_code, task.is_dead) == ("task_kind_unknown", True)
    assert task.started_at is not None
    return (task.started_at - task.due_at).total_seconds() * 1000


async def test_a_worker_begins_jobs_as_soon_as_they_are_committed(
    database: RunningServers, tmp_path: Path, tenant_id: TenantId
) -> None:
    log = tmp_path / "log"
    with process(WORKER, environment_for(database, tmp_path / "home", 0), log) as running:
        await asyncio.to_thread(until_logged, log, "metrics.listening")
        async with job_stand(database) as stand, stand.announcing():
            times = sorted([await waited(stand, tenant_id) for _ in range(9)])
        running.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(running.wait, STOP_LIMIT)

    assert status == 0
    assert times[4] < PATIENCE
    assert '"task.dead"' in log.read_text()
    assert '"level":"error"' in log.read_text()
