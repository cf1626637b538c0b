"""The task: one piece of background work, from being asked for until it is over."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.errors import TaskIsOver, TaskNotFailed, TaskTakenOver
from dify_hex.domain.task.events import TaskFailed
from dify_hex.domain.task.order import TaskOrder
from dify_hex.domain.task.retries import pause_after
from dify_hex.domain.task.status import TaskStatus

#: A task that has cost so many workers their lives is not given to another one.
MAX_LOSSES = 20
#: Longer reasons are cut.
MAX_MESSAGE = 1000

CANCELLED = "task_cancelled"
WORKERS_LOST = "task_workers_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProblem:
    """Why an attempt failed: a stable code, and words that people can act on."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What came out: a short result itself, or where a long one lies in the object storage."""

    value: JsonObject | None = None
    blob_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """What a task remembers; `token` rises with every worker that takes it on."""

    status: TaskStatus
    created_at: datetime
    #: Nobody begins it earlier.
    due_at: datetime
    token: int = 0
    attempts: int = 0
    #: Workers that vanished while they had it.
    losses: int = 0
    lease_owner: str | None = None
    #: From 0 to 100.
    progress: float = 0
    note: str = ""
    result: TaskResult | None = None
    problem: TaskProblem | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    #: Since when it waits for somebody to look into it.
    dead_at: datetime | None = None


class Task(Aggregate):
    """A piece of work that ends exactly once, however many workers die over it.

    Who concludes it names the token under which it was taken on; with an older one nothing is
    changed any more.
    """

    def __init__(
        self, *, id: TaskId, tenant_id: TenantId, order: TaskOrder, state: TaskState, version: int
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.order = order
        self._state = state

    @classmethod
    def create(
        cls, *, id: TaskId, tenant_id: TenantId, order: TaskOrder, due_at: datetime, now: datetime
    ) -> "Task":
        """Work that waits for a worker."""
        state = TaskState(status=TaskStatus.PENDING, created_at=now, due_at=due_at)
        task = cls(id=id, tenant_id=tenant_id, order=order, state=state, version=0)
        task._changed()
        return task

    @property
    def state(self) -> TaskState:
        """Everything the task remembers; a value, so looking changes nothing."""
        return self._state

    def begin(self, owner: str, *, now: datetime) -> int:
        """A worker takes it on, for an attempt that is counted; the token of this attempt.

        Raises:
            TaskTakenOver: it does not wait for anybody.
        """
        state = self._state
        if state.status is not TaskStatus.PENDING:
            raise TaskTakenOver
        self._become(
            replace(
                state,
                status=TaskStatus.PROCESSING,
                token=state.token + 1,
                attempts=state.attempts + 1,
                lease_owner=owner,
                started_at=now,
            )
        )
        return self._state.token

    def succeed(self, token: int, result: TaskResult, *, now: datetime) -> None:
        """It is done.

        Raises:
            TaskTakenOver: somebody else works on it by now.
        """
        self._expect(token)
        self._end(TaskStatus.SUCCESS, now=now, result=result, progress=100.0)

    def refuse(self, token: int, problem: TaskProblem, *, now: datetime) -> None:
        """What is asked for cannot be done; trying again would not help.

        Raises:
            TaskTakenOver: somebody else works on it by now.
        """
        self._expect(token)
        self._fail(problem, now=now)

    def stumble(
        self,
        token: int,
        problem: TaskProblem,
        *,
        now: datetime,
        jitter: float,
        pause: timedelta | None = None,
    ) -> None:
        """This attempt failed; it is tried again later, or is dead after the last one.

        `jitter` is a random number from 0 to 1, `pause` the shortest wait that makes sense.

        Raises:
            TaskTakenOver: somebody else works on it by now.
        """
        self._expect(token)
        attempts = self._state.attempts
        if self._state.cancel_requested_at is not None:
            self._fail(_cancelled(), now=now)
        elif attempts >= self.order.max_attempts:
            self._fail(problem, now=now, dead_at=now)
        else:
            wait = pause_after(attempts, jitter=jitter, asked_for=pause)
            self._wait(due_at=now + wait, problem=problem)

    def lose(self, token: int, *, now: datetime) -> None:
        """Its worker has vanished; the attempt does not count, but how often that happens does.

        Raises:
            TaskTakenOver: somebody else works on it by now.
        """
        self._expect(token)
        losses = self._state.losses + 1
        self._state = replace(self._state, losses=losses, attempts=max(self._state.attempts - 1, 0))
        if self._state.cancel_requested_at is not None:
            self._fail(_cancelled(), now=now)
        elif losses >= MAX_LOSSES:
            message = f"{losses} workers vanished while they had this task."
            self._fail(TaskProblem(code=WORKERS_LOST, message=message), now=now, dead_at=now)
        else:
            self._wait(due_at=now, problem=self._state.problem)

    def give_back(self, token: int, *, now: datetime) -> None:
        """Its worker stops in good order; another one begins at once, and nothing is counted.

        Raises:
            TaskTakenOver: somebody else works on it by now.
        """
        self._expect(token)
        self._state = replace(self._state, attempts=max(self._state.attempts - 1, 0))
        if self._state.cancel_requested_at is not None:
            self._fail(_cancelled(), now=now)
        else:
            self._wait(due_at=now, problem=self._state.problem)

    def cancel(self, *, now: datetime) -> None:
        """Nobody wants it any more: one that waits is over at once, one under way is told to end.

        Raises:
            TaskIsOver: there is nothing to cancel.
        """
        match self._state.status:
            case TaskStatus.PENDING:
                self._fail(_cancelled(), now=now)
            case TaskStatus.PROCESSING:
                asked_at = self._state.cancel_requested_at or now
                self._become(replace(self._state, cancel_requested_at=asked_at))
            case _:
                raise TaskIsOver

    def obey(self, token: int, *, now: datetime) -> None:
        """Its worker has ended it as it was asked to.

        Raises:
            TaskTakenOver: somebody else works on it by now.
        """
        self._expect(token)
        self._fail(_cancelled(), now=now)

    def retry(self, *, now: datetime) -> None:
        """Begin anew, with all attempts.

        Raises:
            TaskNotFailed: it has not failed.
        """
        self._expect_failed()
        self._become(
            TaskState(
                status=TaskStatus.PENDING,
                created_at=self._state.created_at,
                due_at=now,
                token=self._state.token,
            )
        )

    def drop(self) -> None:
        """Let nobody look into it any more; whoever says so removes it.

        Raises:
            TaskNotFailed: it has not failed.
        """
        self._expect_failed()
        self._changed()

    def _expect(self, token: int) -> None:
        state = self._state
        if state.status is not TaskStatus.PROCESSING or state.token != token:
            raise TaskTakenOver

    def _expect_failed(self) -> None:
        if self._state.status is not TaskStatus.FAILURE:
            raise TaskNotFailed(status=self._state.status.value)

    def _wait(self, *, due_at: datetime, problem: TaskProblem | None) -> None:
        self._become(
            replace(
                self._state,
                status=TaskStatus.PENDING,
                due_at=due_at,
                lease_owner=None,
                problem=problem,
            )
        )

    def _fail(
        self, problem: TaskProblem, *, now: datetime, dead_at: datetime | None = None
    ) -> None:
        self._end(TaskStatus.FAILURE, now=now, problem=problem, dead_at=dead_at)
        self._changed(
            TaskFailed(
                tenant_id=self.tenant_id,
                occurred_at=now,
                task_id=self.id,
                kind=self.order.kind,
                key=self.order.key,
                error_code=problem.code,
                dead=dead_at is not None,
            )
        )

    def _end(
        self,
        status: TaskStatus,
        *,
        now: datetime,
        result: TaskResult | None = None,
        problem: TaskProblem | None = None,
        dead_at: datetime | None = None,
        progress: float | None = None,
    ) -> None:
        if problem is not None:
            problem = replace(problem, message=problem.message[:MAX_MESSAGE])
        self._become(
            replace(
                self._state,
                status=status,
                lease_owner=None,
                finished_at=now,
                result=result,
                problem=problem,
                dead_at=dead_at,
                progress=self._state.progress if progress is None else progress,
            )
        )

    def _become(self, state: TaskState) -> None:
        self._state = state
        self._changed()


def _cancelled() -> TaskProblem:
    return TaskProblem(code=CANCELLED, message="The task was cancelled.")
