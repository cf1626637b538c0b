"""What everybody promises who says which worker has which task."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from dify_hex.application.shared.jobs import JobRequest
from dify_hex.application.task.ports import ClaimedTask, Heartbeat, KeptTask, TaskLeases
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.queue import JobQueue

QUEUE = JobQueue.CRITICAL
MANY = 100
OWNER = "worker 1"
#: Long ago, so that it is due whoever asks.
REQUEST = JobRequest(kind="lease_test", queue=QUEUE, not_before=datetime(2026, 1, 1, tzinfo=UTC))

Ask = Callable[[TenantId, JobRequest], Awaitable[TaskId]]
Cancel = Callable[[TenantId, TaskId], Awaitable[None]]


def beat_of(task: ClaimedTask, *, token: int | None = None) -> Heartbeat:
    """A sign of life of a claimed task."""
    return Heartbeat(
        task_id=task.task_id,
        token=task.token if token is None else token,
        progress=40,
        note="reading",
    )


def kept(task: ClaimedTask, *, is_cancelled: bool = False) -> KeptTask:
    """That a claimed task is still its owner's."""
    return KeptTask(task_id=task.task_id, token=task.token, is_cancelled=is_cancelled)


class TaskLeasesConformance:
    """Subclasses provide `leases`, `ask` and `cancel` over an empty queue."""

    async def test_the_oldest_task_comes_first_and_each_once(
        self, leases: TaskLeases, ask: Ask
    ) -> None:
        tenant_id = TenantId(uuid4())
        asked = [await ask(tenant_id, REQUEST) for _ in range(3)]

        got = []
        while (task := await leases.claim(QUEUE, OWNER, per_tenant=MANY)) is not None:
            got.append(task.task_id)

        assert got == asked
        assert not await leases.is_waiting(QUEUE)

    async def test_a_claim_brings_all_that_the_handler_needs(
        self, leases: TaskLeases, ask: Ask
    ) -> None:
        tenant_id = TenantId(uuid4())
        task_id = await ask(tenant_id, REQUEST)

        task = await leases.claim(QUEUE, OWNER, per_tenant=MANY)

        assert task is not None
        assert (task.tenant_id, task.task_id, task.kind) == (tenant_id, task_id, REQUEST.kind)
        assert (task.attempt, task.token) == (1, 1)
        assert (task.soft_limit, task.hard_limit) == (REQUEST.soft_limit, REQUEST.hard_limit)

    async def test_other_queues_and_later_tasks_are_left_alone(
        self, leases: TaskLeases, ask: Ask
    ) -> None:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        await ask(TenantId(uuid4()), JobRequest(kind="later", queue=QUEUE, not_before=tomorrow))

        assert await leases.claim(QUEUE, OWNER, per_tenant=MANY) is None
        assert not await leases.is_waiting(QUEUE)

    async def test_a_tenant_gets_so_many_and_no_more(self, leases: TaskLeases, ask: Ask) -> None:
        tenant_id = TenantId(uuid4())
        for _ in range(3):
            await ask(tenant_id, REQUEST)

        claimed = [await leases.claim(QUEUE, OWNER, per_tenant=2) for _ in range(3)]

        assert [task is not None for task in claimed] == [True, True, False]
        assert await leases.is_waiting(QUEUE)
        assert await leases.claim(QUEUE, "worker 2", per_tenant=2) is not None

    async def test_a_heartbeat_keeps_what_is_the_owners_and_nothing_else(
        self, leases: TaskLeases, ask: Ask
    ) -> None:
        await ask(TenantId(uuid4()), REQUEST)
        task = await leases.claim(QUEUE, OWNER, per_tenant=MANY)
        assert task is not None

        assert list(await leases.beat(OWNER, [beat_of(task)])) == [kept(task)]
        assert list(await leases.beat(OWNER, [beat_of(task, token=7)])) == []
        assert list(await leases.beat("worker 2", [beat_of(task)])) == []

    async def test_of_two_attempts_at_one_owner_only_the_later_is_kept(
        self, leases: TaskLeases, ask: Ask
    ) -> None:
        await ask(TenantId(uuid4()), REQUEST)
        task = await leases.claim(QUEUE, OWNER, per_tenant=MANY)
        assert task is not None

        beats = [beat_of(task, token=task.token - 1), beat_of(task)]

        assert list(await leases.beat(OWNER, beats)) == [kept(task)]

    async def test_a_heartbeat_brings_back_what_was_cancelled(
        self, leases: TaskLeases, ask: Ask, cancel: Cancel
    ) -> None:
        tenant_id = TenantId(uuid4())
        task_id = await ask(tenant_id, REQUEST)
        task = await leases.claim(QUEUE, OWNER, per_tenant=MANY)
        assert task is not None
        await cancel(tenant_id, task_id)

        assert list(await leases.beat(OWNER, [beat_of(task)])) == [kept(task, is_cancelled=True)]

    async def test_what_is_due_and_was_not_begun_is_overdue(
        self, leases: TaskLeases, ask: Ask
    ) -> None:
        tenant_id = TenantId(uuid4())
        begun, waiting = await ask(tenant_id, REQUEST), await ask(tenant_id, REQUEST)
        await leases.claim(QUEUE, OWNER, per_tenant=MANY)

        found = await leases.overdue(QUEUE, limit=10)

        assert begun not in {each.task_id for each in found}
        assert [(each.tenant_id, each.task_id, each.token) for each in found] == [
            (tenant_id, waiting, 0)
        ]
