"""The runs that execute in this process: how they come in, are reached, and leave."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.shared.telemetry import Counter, Gauge, Telemetry
from dify_hex.application.workflow.engine.commands import Break, Command, GiveUp
from dify_hex.application.workflow.engine.run_loader import LoadedRun, RunLoader
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.engine.scheduler import RunGivenUp, RunScheduler
from dify_hex.application.workflow.ports import (
    RunLeases,
    RunSignals,
)
from dify_hex.application.workflow.records import (
    ClaimedRun,
    Lease,
)
from dify_hex.application.workflow.started_run import StartedRun
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import LeaseLost, RunsFull
from dify_hex.domain.workflow.statuses import DesiredState


class RunMoved(Unavailable):
    """The run goes on in another process; follow its events to see it end."""

    code = "workflow_run_moved"


@dataclass(slots=True)
class HostedRun:
    """A run that executes here."""

    lease: Lease
    background: bool
    resume_window: timedelta
    scheduler: RunScheduler
    #: Known as soon as the ending is committed, while the stream is still being closed.
    result: asyncio.Future[RunResult]
    task: asyncio.Task[None]
    #: What the owner has heard of: how often something came in, and what was desired.
    inbox: int
    desired_state: DesiredState
    #: Callers in this process that wait for the result; they count as readers.
    waiting: int = 0
    #: Loop time at which somebody was last seen to follow the run.
    followed_at: float = 0.0
    was_followed: bool = False


class RunHandle:
    """A launched run, for the caller who started it."""

    def __init__(self, hosted: HostedRun) -> None:
        self._hosted = hosted

    async def result(self) -> RunResult:
        """Wait for the run's end; the caller counts as its reader meanwhile.

        Raises:
            RunMoved: it goes on in another process.
        """
        hosted = self._hosted
        hosted.waiting += 1
        hosted.was_followed = True
        try:
            return await asyncio.shield(hosted.result)
        except (LeaseLost, RunGivenUp) as error:
            raise RunMoved(run_id=str(hosted.lease.run_id)) from error
        finally:
            hosted.waiting -= 1
            hosted.followed_at = asyncio.get_running_loop().time()


class Reservation(AbstractContextManager["Reservation"]):
    """A place for one run; left without a launch, it is free again."""

    def __init__(self, host: "RunHost") -> None:
        self._host = host
        self._open = True

    def launch(self, started: StartedRun) -> "RunHandle":
        """Execute a run whose beginning has been committed."""
        self._free()
        return self._host.launch(started)

    async def adopt(self, claimed: ClaimedRun) -> "RunHandle":
        """Execute a run that was stored with events of another; its lease is ours."""
        self._free()
        return await self._host.adopt(claimed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._free()

    def _free(self) -> None:
        if self._open:
            self._open = False
            self._host.free_place()


class RunHost:
    """Executes at most `capacity` runs, one task each; nothing here waits for another run."""

    def __init__(
        self,
        *,
        owner: str,
        capacity: int,
        loader: RunLoader,
        leases: RunLeases,
        signals: RunSignals,
        faults: FaultReporter,
        telemetry: Telemetry,
    ) -> None:
        self.owner = owner
        self._capacity = capacity
        self._loader = loader
        self._leases = leases
        self._signals = signals
        self._faults = faults
        self._telemetry = telemetry
        self._runs: dict[WorkflowRunId, HostedRun] = {}
        # A run's task outlives its place here by the moment that its stream takes to close.
        self._tasks: set[asyncio.Task[None]] = set()
        self._reserved = 0
        self._closing = False

    @property
    def runs(self) -> Sequence[HostedRun]:
        """Everything that executes here now."""
        return tuple(self._runs.values())

    @property
    def free_places(self) -> int:
        """How many more runs would be taken in."""
        if self._closing:
            return 0
        return max(0, self._capacity - len(self._runs) - self._reserved)

    def reserve(self) -> Reservation:
        """Hold a place for a run that is about to be stored.

        Raises:
            RunsFull: the process carries as many runs as it may, or is stopping.
        """
        if self.free_places == 0:
            raise RunsFull(retry_after=1.0, capacity=self._capacity)
        self._reserved += 1
        return Reservation(self)

    def free_place(self) -> None:
        """Give a reserved place back."""
        self._reserved -= 1

    async def wake_workers(self) -> None:
        """Tell the workers that a background run has been committed."""
        await self._signals.runs_waiting()

    def launch(self, started: StartedRun) -> RunHandle:
        """Execute a run that was begun here and is committed by now."""
        return RunHandle(self._execute(self._loader.assemble(started)))

    async def adopt(self, claimed: ClaimedRun) -> RunHandle:
        """Go on with a run whose lease has just been taken, perhaps from this very process."""
        loaded = await self._loader.load(claimed)
        former = self._runs.get(claimed.lease.run_id)
        if former is not None:
            self.lose(former.lease)
        return RunHandle(self._execute(loaded))

    def post(self, run_id: WorkflowRunId, command: Command) -> bool:
        """Pass a command on to a run; False when it does not execute here."""
        hosted = self._runs.get(run_id)
        if hosted is None:
            return False
        hosted.scheduler.post(command)
        return True

    def find(self, lease: Lease) -> HostedRun | None:
        """The run that executes here under exactly this lease."""
        hosted = self._runs.get(lease.run_id)
        return hosted if hosted is not None and hosted.lease == lease else None

    def lose(self, lease: Lease) -> None:
        """Break a run off that has been taken over; one that goes on under a newer lease stays."""
        hosted = self.find(lease)
        if hosted is not None:
            hosted.scheduler.post(Break(LeaseLost(run_id=str(lease.run_id))))

    async def drain(self, *, seconds: float) -> None:
        """Take nothing in any more, let runs finish for a while, release the rest."""
        self._closing = True
        if self._tasks and seconds > 0:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        remaining = self.runs
        for hosted in remaining:
            hosted.scheduler.post(GiveUp())
        if remaining:
            await asyncio.wait([hosted.task for hosted in remaining], timeout=5.0)
            await self._leases.release([hosted.lease for hosted in remaining])
            await self._signals.runs_waiting()

    def _execute(self, loaded: LoadedRun) -> HostedRun:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[RunResult] = loop.create_future()
        task = loop.create_task(self._drive(loaded, result))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        hosted = HostedRun(
            lease=loaded.lease,
            background=loaded.background,
            resume_window=loaded.resume_window,
            scheduler=loaded.scheduler,
            result=result,
            task=task,
            inbox=loaded.inbox,
            desired_state=loaded.desired_state,
            followed_at=loop.time(),
        )
        self._runs[loaded.lease.run_id] = hosted
        self._telemetry.set_gauge(Gauge.RUNS_ACTIVE, len(self._runs))
        result.add_done_callback(lambda _: self._ended(hosted))
        return hosted

    @staticmethod
    async def _drive(loaded: LoadedRun, result: asyncio.Future[RunResult]) -> None:
        try:
            result.set_result(await loaded.scheduler.drive())
        except asyncio.CancelledError:
            result.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is whoever waits for the result who decides
            result.set_exception(error)
        finally:
            await loaded.recorder.close()

    def _ended(self, hosted: HostedRun) -> None:
        if self._runs.get(hosted.lease.run_id) is hosted:
            del self._runs[hosted.lease.run_id]
            self._telemetry.set_gauge(Gauge.RUNS_ACTIVE, len(self._runs))
        if hosted.result.cancelled():
            return
        error = hosted.result.exception()
        outcome = hosted.result.result().status.value if error is None else "left"
        self._telemetry.count(Counter.RUNS, status=outcome)
        if error is not None and not isinstance(error, LeaseLost | RunGivenUp):
            self._faults.report(error, where="run", run_id=str(hosted.lease.run_id))
