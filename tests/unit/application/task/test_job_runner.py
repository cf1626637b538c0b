"""One attempt at a task, however its handler ends."""

import asyncio
from datetime import timedelta

import pytest

from dify_hex.application.shared.jobs import JobTimeUp, RunningJob
from dify_hex.application.task import job_runner
from dify_hex.application.task.results import LONGEST_IN_ROW, read_result
from dify_hex.domain.shared.errors import Conflict, Unavailable
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import Task
from tests.builders.task import NOW, WORKER
from tests.builders.task import claimed as claimed_again
from tests.unit.application.task.conftest import Office

MOMENT = timedelta(milliseconds=20)


async def test_a_result_is_kept_with_the_task(office: Office) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        return {"page": job.arguments["page"]}

    office.handler.deed = deed

    status = await office.runner.run(await office.has_begun())

    assert status is TaskStatus.SUCCESS
    result = office.task().state.result
    assert result is not None
    assert result.value == {"page": 1}
    assert office.blobs.blobs == {}


async def test_a_long_result_lies_in_the_storage(office: Office) -> None:
    long = {"text": "x" * LONGEST_IN_ROW}

    async def deed(_job: RunningJob) -> JsonObject:
        return long

    office.handler.deed = deed
    await office.runner.run(await office.has_begun())

    result = office.task().state.result
    assert result is not None
    assert result.value is None
    assert result.blob_key is not None
    assert await read_result(office.blobs, result.blob_key) == long


async def test_what_is_no_json_is_an_error_that_nobody_foresaw(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        return {"text": object()}  # type: ignore[dict-item] # what a careless handler does

    office.handler.deed = deed
    await office.runner.run(await office.has_begun())

    assert [type(error) for error in office.faults.errors] == [TypeError]
    assert office.task().state.status is TaskStatus.PENDING


async def test_what_is_unavailable_is_tried_again_when_it_says(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        raise Unavailable("The model is away.", retry_after=90)

    office.handler.deed = deed
    status = await office.runner.run(await office.has_begun())

    assert status is TaskStatus.PENDING
    assert office.task().state.due_at == NOW + timedelta(seconds=90)
    [invitation] = office.invitations.sent
    assert (invitation.token, invitation.due_at) == (1, NOW + timedelta(seconds=90))


async def test_the_last_attempt_leaves_a_dead_letter(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        raise RuntimeError("a bug")

    office.handler.deed = deed
    await office.runner.run(await office.has_begun(max_attempts=1))

    [letter] = office.dead_letters.letters
    assert (letter.kind, letter.code) == ("test_job", "sys_internal_error")
    assert "a bug" not in str(office.task().state.problem)


async def test_a_refusal_ends_it_and_is_no_dead_letter(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        raise Conflict("The document is encrypted.")

    office.handler.deed = deed
    status = await office.runner.run(await office.has_begun())

    assert status is TaskStatus.FAILURE
    assert office.dead_letters.letters == []


async def test_a_kind_that_nobody_knows_is_left_for_another_release(office: Office) -> None:
    await office.runner.run(await office.has_begun(kind="not_yet"))

    problem = office.task().state.problem
    assert problem is not None
    assert problem.code == "task_kind_unknown"
    assert office.task().state.status is TaskStatus.PENDING


async def test_whose_time_is_up_goes_on_in_the_next_attempt(office: Office) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        while True:
            await job.report(120, "n" * 500)
            await asyncio.sleep(0.005)

    office.handler.deed = deed
    await office.runner.run(await office.has_begun(soft_limit=MOMENT))

    problem = office.task().state.problem
    assert problem is not None
    assert problem.code == "task_time_up"


async def test_who_does_not_come_to_an_end_is_ended(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(100)
        return {}

    office.handler.deed = deed
    await office.runner.run(await office.has_begun(hard_limit=MOMENT))

    problem = office.task().state.problem
    assert problem is not None
    assert problem.code == "task_time_limit"


async def test_a_time_limit_inside_the_handler_is_not_the_tasks(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(1)
        return {}

    office.handler.deed = deed
    await office.runner.run(await office.has_begun())

    problem = office.task().state.problem
    assert problem is not None
    assert problem.code == "sys_internal_error"


async def test_a_handler_that_clings_is_ended_again_and_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "_END_AGAIN", 0.01)
    told = 0

    async def deed(_job: RunningJob) -> JsonObject:
        nonlocal told
        while told < 3:
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                told += 1
        return {}

    office.handler.deed = deed
    await office.runner.run(await office.has_begun(hard_limit=MOMENT))

    assert told == 3
    assert office.faults.errors == []


async def test_a_handler_that_never_ends_is_reported_and_left(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "_END_AGAIN", 0.001)
    leaves = asyncio.Event()

    async def deed(_job: RunningJob) -> JsonObject:
        while not leaves.is_set():
            try:
                await leaves.wait()
            except asyncio.CancelledError:
                continue
        return {}

    office.handler.deed = deed
    await office.runner.run(await office.has_begun(hard_limit=MOMENT))
    leaves.set()
    await asyncio.sleep(0)

    assert office.faults.errors


async def test_who_is_cancelled_notices_with_the_next_report(office: Office) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        while True:
            await job.report(10)
            await asyncio.sleep(0.001)

    office.handler.deed = deed
    running = asyncio.create_task(office.runner.run(await office.has_begun()))
    await office.handler.began.wait()
    async with office.begin(office.task().tenant_id) as work:
        (await work.tasks.get(office.task().id)).cancel(now=NOW)
        await work.commit()
    await office.keeper.beat()

    assert await running is TaskStatus.FAILURE
    problem = office.task().state.problem
    assert problem is not None
    assert problem.code == "task_cancelled"


async def test_who_never_reports_is_ended_when_cancelled(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "NOTICE", 0.01)

    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(100)
        return {}

    office.handler.deed = deed
    running = asyncio.create_task(office.runner.run(await office.has_begun()))
    await office.handler.began.wait()
    async with office.begin(office.task().tenant_id) as work:
        (await work.tasks.get(office.task().id)).cancel(now=NOW)
        await work.commit()
    await office.keeper.beat()

    assert await running is TaskStatus.FAILURE


async def taken_over(office: Office, *, by: str) -> tuple[asyncio.Task[TaskStatus | None], Task]:
    """An attempt under way whose task somebody else, or the same worker, has begun anew."""

    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(100)
        return {}

    office.handler.deed = deed
    claimed = await office.has_begun()
    running = asyncio.create_task(office.runner.run(claimed))
    await office.handler.began.wait()
    async with office.begin(claimed.tenant_id) as work:
        task = await work.tasks.get(claimed.task_id)
        task.lose(claimed.token, now=NOW)
        task.begin(by, now=NOW)
        await work.commit()
    return running, task


async def test_who_was_taken_over_is_ended_and_writes_nothing(office: Office) -> None:
    running, _ = await taken_over(office, by="worker 2")
    await office.keeper.beat()

    assert await running is None
    assert office.task().state.lease_owner == "worker 2"


async def test_who_was_superseded_at_the_same_owner_is_ended_too(office: Office) -> None:
    running, task = await taken_over(office, by=WORKER)
    with office.keeper.keeping(claimed_again(task)) as successor:
        await office.keeper.beat()

        assert await running is None
        assert successor.interruption is None


async def test_the_end_of_a_task_that_is_gone_is_nobodys(office: Office) -> None:
    claimed = await office.has_begun()
    async with office.begin(claimed.tenant_id) as work:
        await work.tasks.remove(await work.tasks.get(claimed.task_id))
        await work.commit()

    assert await office.runner.run(claimed) is None


async def test_a_process_that_stops_gives_the_task_back(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(100)
        return {}

    office.handler.deed = deed
    running = asyncio.create_task(office.runner.run(await office.has_begun(max_attempts=1)))
    await office.handler.began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    state = office.task().state
    assert (state.status, state.attempts) == (TaskStatus.PENDING, 0)


async def test_a_process_that_stops_does_not_wait_for_the_database(office: Office) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(100)
        return {}

    office.handler.deed = deed
    running = asyncio.create_task(office.runner.run(await office.has_begun()))
    await office.handler.began.wait()
    office.database.failure = Unavailable(dependency="database")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert office.task().state.status is TaskStatus.PROCESSING


async def test_the_end_waits_for_the_database(office: Office) -> None:
    claimed = await office.has_begun()
    office.database.failure = Unavailable(dependency="database")

    assert await office.runner.run(claimed) is TaskStatus.SUCCESS


async def test_while_the_database_is_away_the_work_goes_on(office: Office) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        office.leases.is_away = True
        await office.keeper.beat()
        await job.report(50)
        return {}

    office.handler.deed = deed

    assert await office.runner.run(await office.has_begun()) is TaskStatus.SUCCESS


async def test_a_handler_may_keep_what_is_done_when_its_time_is_up(office: Office) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        try:
            while True:
                await job.report(10)
                await asyncio.sleep(0.005)
        except JobTimeUp:
            return {"pages": 2}

    office.handler.deed = deed

    status = await office.runner.run(await office.has_begun(soft_limit=MOMENT))

    assert status is TaskStatus.SUCCESS
