"""The task: waiting, under way, over, tried again, given up."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from dify_hex.domain.task.errors import TaskIsOver, TaskNotFailed, TaskTakenOver
from dify_hex.domain.task.events import TaskFailed
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import MAX_LOSSES, MAX_MESSAGE, Task, TaskProblem, TaskResult
from tests.builders.task import (
    LATER,
    NOW,
    PROBLEM,
    WORKER,
    a_begun_task,
    a_failed_task,
    a_task,
)

RESULT = TaskResult(value={"pages": 3})
#: Whatever a worker may say at the end of an attempt.
ENDINGS: list[Callable[[Task, int], None]] = [
    lambda task, token: task.succeed(token, RESULT, now=LATER),
    lambda task, token: task.refuse(token, PROBLEM, now=LATER),
    lambda task, token: task.stumble(token, PROBLEM, now=LATER, jitter=0.5),
    lambda task, token: task.lose(token, now=LATER),
    lambda task, token: task.give_back(token, now=LATER),
    lambda task, token: task.obey(token, now=LATER),
]


def test_a_new_task_waits_and_raises_nothing() -> None:
    task = a_task()

    assert task.state.status is TaskStatus.PENDING
    assert (task.state.attempts, task.state.token, task.version) == (0, 0, 1)
    assert task.pull_events() == ()


def test_who_begins_it_gets_a_token_and_an_attempt_is_counted() -> None:
    task = a_task()

    token = task.begin(WORKER, now=LATER)

    assert token == 1
    assert task.state.status is TaskStatus.PROCESSING
    assert (task.state.attempts, task.state.lease_owner) == (1, WORKER)
    assert task.state.started_at == LATER


def test_a_task_under_way_is_not_begun_again() -> None:
    task, _ = a_begun_task()

    with pytest.raises(TaskTakenOver):
        task.begin("worker 2", now=LATER)


def test_success_keeps_the_result_and_is_whole() -> None:
    task, token = a_begun_task()

    task.succeed(token, RESULT, now=LATER)

    state = task.state
    assert (state.status, state.result, state.progress) == (TaskStatus.SUCCESS, RESULT, 100)
    assert (state.finished_at, state.lease_owner, state.problem) == (LATER, None, None)
    assert task.pull_events() == ()


def test_what_cannot_be_done_fails_and_is_no_dead_letter() -> None:
    task, token = a_begun_task()

    task.refuse(token, PROBLEM, now=LATER)

    assert (task.state.status, task.state.problem) == (TaskStatus.FAILURE, PROBLEM)
    assert task.state.dead_at is None
    assert task.pull_events() == (
        TaskFailed(
            tenant_id=task.tenant_id,
            occurred_at=LATER,
            task_id=task.id,
            kind="test_job",
            key="page 1",
            error_code=PROBLEM.code,
            dead=False,
        ),
    )


def test_a_failed_attempt_waits_and_remembers_why() -> None:
    task, token = a_begun_task()

    task.stumble(token, PROBLEM, now=NOW, jitter=1)

    assert (task.state.status, task.state.problem) == (TaskStatus.PENDING, PROBLEM)
    assert task.state.due_at == NOW + timedelta(seconds=1)
    assert task.pull_events() == ()
    assert task.begin("worker 2", now=LATER) == token + 1


def test_the_pause_is_no_shorter_than_what_is_asked_for() -> None:
    task, token = a_begun_task()

    task.stumble(token, PROBLEM, now=NOW, jitter=0, pause=timedelta(seconds=30))

    assert task.state.due_at == NOW + timedelta(seconds=30)


def test_after_the_last_attempt_it_is_dead() -> None:
    task, token = a_begun_task(max_attempts=1)

    task.stumble(token, PROBLEM, now=LATER, jitter=0)

    assert (task.state.status, task.state.dead_at) == (TaskStatus.FAILURE, LATER)
    [event] = task.pull_events()
    assert isinstance(event, TaskFailed)
    assert event.dead


def test_long_reasons_are_cut() -> None:
    task, token = a_begun_task()

    task.refuse(token, TaskProblem(code="x", message="y" * 5000), now=LATER)

    assert task.state.problem == TaskProblem(code="x", message="y" * MAX_MESSAGE)


def test_a_worker_that_vanishes_costs_no_attempt() -> None:
    task, token = a_begun_task(max_attempts=1)

    task.lose(token, now=LATER)

    assert (task.state.status, task.state.due_at) == (TaskStatus.PENDING, LATER)
    assert (task.state.attempts, task.state.losses) == (0, 1)


def test_a_task_that_costs_too_many_workers_is_dead() -> None:
    task = a_task()
    for _ in range(MAX_LOSSES):
        task.lose(task.begin(WORKER, now=NOW), now=LATER)

    assert task.state.status is TaskStatus.FAILURE
    assert task.state.dead_at == LATER
    assert task.state.problem is not None
    assert task.state.problem.code == "task_workers_lost"


def test_what_a_stopping_worker_gives_back_is_not_counted() -> None:
    task, token = a_begun_task(max_attempts=1)

    task.give_back(token, now=LATER)

    assert (task.state.status, task.state.attempts, task.state.losses) == (TaskStatus.PENDING, 0, 0)


def test_one_that_waits_is_cancelled_at_once() -> None:
    task = a_task()

    task.cancel(now=LATER)

    assert task.state.status is TaskStatus.FAILURE
    assert task.state.problem is not None
    assert task.state.problem.code == "task_cancelled"
    assert task.state.dead_at is None


def test_one_under_way_is_told_to_end_and_obeys() -> None:
    task, token = a_begun_task()

    task.cancel(now=NOW)
    task.cancel(now=LATER)
    told = task.state
    task.obey(token, now=LATER)

    assert (told.status, told.cancel_requested_at) == (TaskStatus.PROCESSING, NOW)
    assert task.state.status is TaskStatus.FAILURE


def test_a_cancelled_one_that_is_done_all_the_same_has_succeeded() -> None:
    task, token = a_begun_task()
    task.cancel(now=NOW)

    task.succeed(token, RESULT, now=LATER)

    assert task.state.status is TaskStatus.SUCCESS


@pytest.mark.parametrize("ending", [ENDINGS[2], ENDINGS[3], ENDINGS[4]])
def test_a_cancelled_one_is_not_tried_again(ending: Callable[[Task, int], None]) -> None:
    task, token = a_begun_task()
    task.cancel(now=NOW)

    ending(task, token)

    assert task.state.problem is not None
    assert task.state.problem.code == "task_cancelled"
    assert task.state.dead_at is None


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_older_worker_changes_nothing(ending: Callable[[Task, int], None]) -> None:
    task, token = a_begun_task()
    task.lose(token, now=NOW)
    task.begin("worker 2", now=NOW)
    before = task.state

    with pytest.raises(TaskTakenOver):
        ending(task, token)

    assert task.state == before


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_task_ends_once(ending: Callable[[Task, int], None]) -> None:
    task, token = a_begun_task()
    task.succeed(token, RESULT, now=NOW)

    with pytest.raises(TaskTakenOver):
        ending(task, token)
    with pytest.raises(TaskIsOver):
        task.cancel(now=LATER)


def test_a_failed_task_begins_anew_with_all_its_attempts() -> None:
    task = a_failed_task()

    task.retry(now=LATER)

    state = task.state
    assert (state.status, state.attempts, state.losses) == (TaskStatus.PENDING, 0, 0)
    assert (state.problem, state.dead_at, state.finished_at) == (None, None, None)
    assert (state.created_at, state.due_at, state.token) == (NOW, LATER, 1)


def test_only_what_failed_is_tried_again_or_dropped() -> None:
    task = a_task()

    with pytest.raises(TaskNotFailed):
        task.retry(now=LATER)
    with pytest.raises(TaskNotFailed):
        task.drop()
    a_failed_task().drop()
