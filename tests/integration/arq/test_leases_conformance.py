"""PostgreSQL says who has which task, as everybody who does has to."""

from collections.abc import AsyncIterator

import pytest

from dify_hex.application.shared.jobs import JobRequest
from dify_hex.application.task.ports import TaskLeases
from dify_hex.domain.shared.ids import TaskId, TenantId
from tests.builders.job_stand import JobStand, job_stand
from tests.conformance.task_leases import Ask, Cancel, TaskLeasesConformance
from tests.fakes.servers import RunningServers


class TestPostgresTaskLeases(TaskLeasesConformance):
    @pytest.fixture
    async def stand(self, database: RunningServers) -> AsyncIterator[JobStand]:
        async with job_stand(database) as stand:
            yield stand

    @pytest.fixture
    def leases(self, stand: JobStand) -> TaskLeases:
        return stand.leases

    @pytest.fixture
    def ask(self, stand: JobStand) -> Ask:
        async def ask(tenant_id: TenantId, request: JobRequest) -> TaskId:
            [task_id] = await stand.enqueue(tenant_id, request)
            return task_id

        return ask

    @pytest.fixture
    def cancel(self, stand: JobStand) -> Cancel:
        async def cancel(tenant_id: TenantId, task_id: TaskId) -> None:
            async with stand.begin(tenant_id) as work:
                await work.jobs.cancel(task_id, now=stand.standing.clock.now())
                await work.commit()

        return cancel
