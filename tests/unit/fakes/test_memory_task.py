"""The leases in memory keep the promises of the real ones."""

import pytest

from dify_hex.application.shared.clock import SystemClock
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.application.task.ports import TaskLeases
from dify_hex.domain.shared.ids import TaskId, TenantId
from tests.conformance.task_leases import Ask, Cancel, TaskLeasesConformance
from tests.fakes.memory_task import MemoryTaskLeases, MemoryTaskWork
from tests.fakes.memory_work import MemoryDatabase

CLOCK = SystemClock()


class TestMemoryTaskLeases(TaskLeasesConformance):
    @pytest.fixture
    def database(self) -> MemoryDatabase:
        return MemoryDatabase()

    @pytest.fixture
    def leases(self, database: MemoryDatabase) -> TaskLeases:
        return MemoryTaskLeases(database, CLOCK)

    @pytest.fixture
    def ask(self, database: MemoryDatabase) -> Ask:
        async def ask(tenant_id: TenantId, request: JobRequest) -> TaskId:
            async with database.begin_with(MemoryTaskWork)(tenant_id) as work:
                task_id = await work.jobs.enqueue(request, now=CLOCK.now())
                await work.commit()
            return task_id

        return ask

    @pytest.fixture
    def cancel(self, database: MemoryDatabase) -> Cancel:
        async def cancel(tenant_id: TenantId, task_id: TaskId) -> None:
            async with database.begin_with(MemoryTaskWork)(tenant_id) as work:
                await work.jobs.cancel(task_id, now=CLOCK.now())
                await work.commit()

        return cancel
