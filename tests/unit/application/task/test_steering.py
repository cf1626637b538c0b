"""What owners and the sweep do with tasks: trying again, cancelling, dropping, bringing back."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.application.shared.actor import Actor, PermissionDenied
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.task.cancel_task import CancelTask
from dify_hex.application.task.drop_task import DropTask
from dify_hex.application.task.kinds import TaskKind, TaskKinds
from dify_hex.application.task.results import results_prefix
from dify_hex.application.task.retry_task import RetryTask
from dify_hex.application.task.sweep_old_tasks import SweepOldTasks
from dify_hex.application.task.sweep_tasks import BATCH, SweepTasks
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import AccountId
from dify_hex.domain.task.errors import TaskIsOver, TaskIsOwed, TaskNotFailed, TaskNotFound
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import Task, TaskResult
from tests.builders.task import NOW, TENANT, WORKER, a_begun_task, a_failed_task, a_task
from tests.fakes.memory_storage import MemoryBlobStorage
from tests.fakes.memory_task import MemoryKeptTasks
from tests.unit.application.task.conftest import Office

OPERATOR = Actor(
    tenant_id=TENANT,
    permissions=frozenset({Permission.TASK_READ, Permission.TASK_CONTROL}),
    account_id=AccountId(UUID(int=2)),
)
EDITOR = replace(OPERATOR, permissions=OPERATOR.permissions | {Permission.KNOWLEDGE_WRITE})
WRITING, OWED = "writing", "owed"
KINDS = TaskKinds(
    [
        TaskKind(name=WRITING, permission=Permission.KNOWLEDGE_WRITE),
        TaskKind(name=OWED, permission=Permission.KNOWLEDGE_WRITE, is_owed=True),
    ]
)


class AwayBlobs(MemoryBlobStorage):
    """Takes nothing away."""

    async def delete(self, prefix: str) -> None:
        raise StorageUnavailable


VIEWER = Actor(tenant_id=TENANT, permissions=frozenset({Permission.TASK_READ}))


def retrying(office: Office) -> RetryTask:
    return RetryTask(
        begin=office.begin, kinds=KINDS, announcer=office.invitations, clock=office.clock
    )


def cancelling(office: Office) -> CancelTask:
    return CancelTask(begin=office.begin, kinds=KINDS, clock=office.clock)


def dropping(office: Office) -> DropTask:
    return DropTask(begin=office.begin, kinds=KINDS, blobs=office.blobs)


def sweeping_old(office: Office, age: timedelta | None = timedelta(days=30)) -> SweepOldTasks:
    return SweepOldTasks(
        tasks=MemoryKeptTasks(office.database),
        kinds=KINDS,
        blobs=office.blobs,
        clock=office.clock,
        age=age,
    )


def sweeping(office: Office) -> SweepTasks:
    return SweepTasks(leases=office.leases, inviter=office.invitations, standing=office.standing)


async def test_a_failed_task_is_put_back_and_workers_are_invited(office: Office) -> None:
    task = await office.has(a_failed_task())

    await retrying(office).execute(OPERATOR, task.id)

    assert office.task().state.status is TaskStatus.PENDING
    [invitation] = office.invitations.sent
    assert (invitation.task_id, invitation.token) == (task.id, 1)


async def test_a_task_that_waits_is_cancelled(office: Office) -> None:
    task = await office.has(a_task())

    await cancelling(office).execute(OPERATOR, task.id)

    assert office.task().state.status is TaskStatus.FAILURE


async def test_a_dropped_task_leaves_nothing_behind(office: Office) -> None:
    task = await office.has(a_failed_task())
    await office.blobs.put(f"{results_prefix(TENANT, task.id)}/result.json", b"{}")

    await dropping(office).execute(OPERATOR, task.id)

    assert office.database.all(Task) == []
    assert office.blobs.blobs == {}


async def test_only_what_failed_is_dropped(office: Office) -> None:
    task = await office.has(a_task())

    with pytest.raises(TaskNotFailed):
        await dropping(office).execute(OPERATOR, task.id)


async def test_who_may_only_look_steers_nothing(office: Office) -> None:
    task = await office.has(a_failed_task())

    with pytest.raises(PermissionDenied):
        await retrying(office).execute(VIEWER, task.id)
    with pytest.raises(PermissionDenied):
        await cancelling(office).execute(VIEWER, task.id)
    with pytest.raises(PermissionDenied):
        await dropping(office).execute(VIEWER, task.id)


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    with pytest.raises(TaskNotFound):
        await retrying(office).execute(OPERATOR, a_task().id)


async def test_a_task_whose_worker_vanished_waits_for_another(office: Office) -> None:
    task, _ = a_begun_task()
    await office.has(task)
    office.leases.silent.add(WORKER)

    await sweeping(office).execute()

    assert office.task().state.status is TaskStatus.PENDING
    assert {each.task_id for each in office.invitations.sent} == {task.id}


async def test_a_worker_that_concludes_at_that_moment_is_right(office: Office) -> None:
    task, token = a_begun_task()
    await office.has(task)
    office.leases.silent.add(WORKER)
    [lost] = await office.leases.lost(limit=1)
    async with office.begin(TENANT) as work:
        (await work.tasks.get(task.id)).succeed(token, TaskResult(value={}), now=NOW)
        await work.commit()

    await sweeping(office)._bring_back(lost)

    assert office.task().state.status is TaskStatus.SUCCESS


async def test_a_task_that_cost_too_many_workers_is_reported(office: Office) -> None:
    task = a_task()
    for _ in range(19):
        task.lose(task.begin(WORKER, now=NOW), now=NOW)
    task.begin(WORKER, now=NOW)
    await office.has(task)
    office.leases.silent.add(WORKER)

    await sweeping(office).execute()

    assert [letter.code for letter in office.dead_letters.letters] == ["task_workers_lost"]


async def test_what_is_due_and_nobody_was_invited_to_is_invited_to(office: Office) -> None:
    task = await office.has(a_task())

    await sweeping(office).execute()
    await sweeping(office).execute()

    assert [each.task_id for each in office.invitations.sent] == [task.id]


async def test_where_many_are_invited_nobody_more_is(office: Office) -> None:
    await office.has(a_task())
    office.invitations.crowd = BATCH

    await sweeping(office).execute()

    assert office.invitations.sent == []


async def test_the_backlog_is_told(office: Office) -> None:
    await office.has(a_task())

    await sweeping(office).report()


async def test_old_tasks_go_with_their_results(office: Office) -> None:
    task, token = a_begun_task()
    key = f"{results_prefix(TENANT, task.id)}/result.json"
    await office.blobs.put(key, b"{}")
    task.succeed(token, TaskResult(blob_key=key), now=NOW)
    await office.has(task)
    waiting = await office.has(a_task())
    dead = await office.has(a_failed_task())
    sweep = sweeping_old(office)

    early = await sweep.execute()
    office.clock.move(timedelta(days=31))
    gone = await sweep.execute()

    assert (early, gone) == (0, 2)
    assert office.blobs.blobs == {}
    assert [task.id for task in office.database.all(Task)] == [waiting.id]
    assert dead.id != waiting.id


async def test_without_an_age_tasks_are_kept_for_ever(office: Office) -> None:
    await office.has(a_failed_task())
    office.clock.move(timedelta(days=10_000))

    assert await sweeping_old(office, age=None).execute() == 0


async def test_what_is_owed_is_kept_until_it_was_done(office: Office) -> None:
    failed = await office.has(a_failed_task(kind=OWED))
    done, token = a_begun_task(kind=OWED)
    done.succeed(token, TaskResult(value={}), now=NOW)
    await office.has(done)
    office.clock.move(timedelta(days=31))

    assert await sweeping_old(office).execute() == 1
    assert [task.id for task in office.database.all(Task)] == [failed.id]


async def test_while_the_storage_is_away_neither_task_nor_result_goes(office: Office) -> None:
    task, token = a_begun_task()
    task.succeed(token, TaskResult(blob_key="result"), now=NOW)
    await office.has(task)
    office.clock.move(timedelta(days=31))
    office.blobs = AwayBlobs()

    with pytest.raises(Unavailable):
        await sweeping_old(office).execute()

    assert [each.id for each in office.database.all(Task)] == [task.id]


@pytest.mark.parametrize("begun", [True, False])
async def test_what_is_owed_is_not_cancelled(office: Office, begun: bool) -> None:
    task = await office.has(a_begun_task(kind=OWED)[0] if begun else a_task(kind=OWED))

    with pytest.raises(TaskIsOwed):
        await cancelling(office).execute(EDITOR, task.id)

    assert office.task().state.cancel_requested_at is None


async def test_what_is_owed_is_not_dropped_but_tried_again(office: Office) -> None:
    task = await office.has(a_failed_task(kind=OWED))

    with pytest.raises(TaskIsOwed):
        await dropping(office).execute(EDITOR, task.id)
    await retrying(office).execute(EDITOR, task.id)

    assert office.task().state.status is TaskStatus.PENDING


async def test_what_is_owed_and_over_is_over(office: Office) -> None:
    task = await office.has(a_failed_task(kind=OWED))

    with pytest.raises(TaskIsOver):
        await cancelling(office).execute(EDITOR, task.id)


async def test_who_steers_a_task_may_do_what_it_does(office: Office) -> None:
    task = await office.has(a_failed_task(kind=WRITING))

    with pytest.raises(PermissionDenied):
        await retrying(office).execute(OPERATOR, task.id)
    with pytest.raises(PermissionDenied):
        await cancelling(office).execute(OPERATOR, task.id)
    with pytest.raises(PermissionDenied):
        await dropping(office).execute(OPERATOR, task.id)

    await dropping(office).execute(EDITOR, task.id)
