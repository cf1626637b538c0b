"""Background jobs from being asked for to being over, on real servers."""

from uuid import uuid4

from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.task.status import TaskStatus
from tests.builders.job_stand import job_stand
from tests.fakes.kept_jobs import KIND, DoneJobs
from tests.fakes.servers import RunningServers


async def test_a_job_is_done_soon_after_its_transaction_is_committed(
    database: RunningServers,
) -> None:
    handler = DoneJobs()
    tenant_id = TenantId(uuid4())
    async with job_stand(database, handler) as stand, stand.working(sweeping=False):
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND, arguments={"a": 1}))
        task = await stand.finished(tenant_id, task_id)

    assert task.status is TaskStatus.SUCCESS
    assert [job.arguments for job in handler.done] == [{"a": 1}]
