"""Does one claimed task with its handler, and writes down how it ended, whatever happens."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from dify_hex.application.shared.jobs import JobCancelled, JobHandler, JobTakenOver, JobTimeUp
from dify_hex.application.shared.telemetry import Counter, Histogram
from dify_hex.application.task.job_standing import JobStanding
from dify_hex.application.task.ports import ClaimedTask
from dify_hex.application.task.results import keep_result
from dify_hex.application.task.running_task import Interruption, RunningTask
from dify_hex.application.task.task_keeper import TaskKeeper
from dify_hex.domain.shared.errors import DomainError, StaleVersion, Unavailable
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.errors import TaskKindUnknown, TaskNotFound, TaskTakenOver
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import Task, TaskProblem

#: Seconds a handler gets to notice by itself that it was cancelled, before it is ended.
NOTICE = 5.0
#: Seconds between two attempts to end a handler that does not end.
_END_AGAIN = 1.0
_MAX_ENDINGS = 10
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 1.0

#: How an attempt ended, as a change of its task at a moment.
Conclusion = Callable[[Task, datetime], None]


class JobRunner:
    """Does claimed tasks, one per call.

    - `Unavailable`, a time that is up and errors that nobody foresaw are tried again later; any
      other domain error ends the task as failed.
    - At the soft limit the handler is told to come to an end, at the hard limit it is ended.
    - A process that stops gives its tasks back; the attempt is not counted.
    - The end is written under the token of the attempt: who was taken over writes nothing.
    - While the database is away the end waits for it.
    """

    def __init__(
        self,
        *,
        handlers: Sequence[JobHandler],
        keeper: TaskKeeper,
        standing: JobStanding,
        random: Random | None = None,
    ) -> None:
        self._handlers: Mapping[str, JobHandler] = {each.kind: each for each in handlers}
        self._keeper = keeper
        self._standing = standing
        self._random = random or Random()  # noqa: S311 - jitter is no secret

    async def run(self, claimed: ClaimedTask) -> TaskStatus | None:
        """Do it; the task's status afterwards, or None where somebody else has it by now."""
        standing, queue = self._standing, claimed.queue.value
        telemetry = standing.telemetry
        waited = max(claimed.waited.total_seconds(), 0.0)
        telemetry.observe(Histogram.JOB_WAIT_SECONDS, waited, queue=queue)
        with self._keeper.keeping(claimed) as running:
            try:
                conclusion = await self._attempt(running)
            except asyncio.CancelledError:
                await asyncio.shield(self._conclude(claimed, _give_back(claimed), patiently=False))
                raise
            if conclusion is None:
                return None
            task = await self._conclude(claimed, conclusion)
        if task is None:
            return None
        telemetry.count(Counter.JOBS, queue=queue, outcome=task.state.status.value)
        standing.tell(task)
        return task.state.status

    async def _attempt(self, running: RunningTask) -> Conclusion | None:
        claimed = running.claimed
        token = claimed.token
        try:
            value = await self._supervised(running)
            result = await keep_result(
                self._standing.blobs, claimed.tenant_id, claimed.task_id, value
            )
        except JobTakenOver:
            return None
        except JobCancelled:
            return lambda task, now: task.obey(token, now=now)
        except JobTimeUp:
            return self._stumble(token, TaskProblem(code="task_time_up", message=_TIME_UP))
        except TimeoutError:
            return self._stumble(token, TaskProblem(code="task_time_limit", message=_TIME_LIMIT))
        except Unavailable as error:
            pause = None if error.retry_after is None else timedelta(seconds=error.retry_after)
            return self._stumble(token, _problem_of(error), pause)
        except DomainError as error:
            problem = _problem_of(error)
            return lambda task, now: task.refuse(token, problem, now=now)
        except Exception as error:  # noqa: BLE001 - whatever it was, the task must not stay open
            self._report(error, claimed)
            return self._stumble(token, TaskProblem(code="sys_internal_error", message=_FAULT))
        return lambda task, now: task.succeed(token, result, now=now)

    async def _supervised(self, running: RunningTask) -> JsonObject:
        """What the handler gives, within the task's limits.

        Raises:
            TimeoutError: the hard limit was reached.
            JobInterrupted: it was cancelled or taken over.
        """
        claimed = running.claimed
        handler = self._handlers.get(claimed.kind)
        if handler is None:
            raise TaskKindUnknown(kind=claimed.kind)
        work = asyncio.create_task(_handled(handler, running), name=f"job {claimed.kind}")
        told = asyncio.create_task(running.interrupted())
        hard = claimed.hard_limit.total_seconds()
        try:
            await asyncio.wait({work, told}, timeout=hard, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and running.interruption is Interruption.CANCELLED:
                await asyncio.wait({work}, timeout=NOTICE)
            if not work.done():
                await self._end(work, claimed)
                raise TimeoutError if running.interruption is None else running.interruption.value
            return work.result()
        finally:
            told.cancel()
            if not work.done():
                await asyncio.shield(self._end(work, claimed))

    async def _end(self, work: asyncio.Task[JsonObject], claimed: ClaimedTask) -> None:
        for _ in range(_MAX_ENDINGS):
            work.cancel()
            await asyncio.wait({work}, timeout=_END_AGAIN)
            if work.done():
                return
        self._report(RuntimeError(f"the handler of {claimed.kind} does not end"), claimed)

    async def _conclude(
        self, claimed: ClaimedTask, conclusion: Conclusion, *, patiently: bool = True
    ) -> Task | None:
        wait = _FIRST_WAIT
        while True:
            try:
                return await self._write(claimed, conclusion)
            except (TaskTakenOver, TaskNotFound):
                return None
            except StaleVersion:
                # Its owner cancelled it at this very moment: whichever is read now counts.
                continue
            except Unavailable:
                if not patiently:
                    return None
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    async def _write(self, claimed: ClaimedTask, conclusion: Conclusion) -> Task:
        standing = self._standing
        async with standing.begin(claimed.tenant_id) as work:
            task = await work.tasks.get(claimed.task_id)
            conclusion(task, standing.clock.now())
            await work.commit()
        return task

    def _stumble(
        self, token: int, problem: TaskProblem, pause: timedelta | None = None
    ) -> Conclusion:
        jitter = self._random.random()
        return lambda task, now: task.stumble(token, problem, now=now, jitter=jitter, pause=pause)

    def _report(self, error: BaseException, claimed: ClaimedTask) -> None:
        self._standing.faults.report(
            error, where="job", task_id=str(claimed.task_id), kind=claimed.kind
        )


_TIME_UP = "The task was not done within its soft limit."
_TIME_LIMIT = "The task was ended at its hard limit."
_FAULT = "Something unexpected went wrong; the log of the worker says what."


async def _handled(handler: JobHandler, running: RunningTask) -> JsonObject:
    try:
        return await handler.run(running)
    except TimeoutError as error:
        # Its own time limits are not those of the task.
        raise RuntimeError("a time limit inside the handler was not handled") from error


def _problem_of(error: DomainError) -> TaskProblem:
    return TaskProblem(code=error.code, message=error.message)


def _give_back(claimed: ClaimedTask) -> Conclusion:
    return lambda task, now: task.give_back(claimed.token, now=now)
