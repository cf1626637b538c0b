"""Puts together everything that one run needs to execute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.workflow.engine.attempts import NodeAttempts
from dify_hex.application.workflow.engine.commands import (
    Command,
    Expire,
    Pause,
    Resume,
    Stop,
)
from dify_hex.application.workflow.engine.conclusion import RunConclusion
from dify_hex.application.workflow.engine.form_answers import FormAnswers
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.engine.run_surroundings import RunSurroundings
from dify_hex.application.workflow.engine.scheduler import OWNER_LOST, RunScheduler
from dify_hex.application.workflow.large_values import row_with
from dify_hex.application.workflow.node_executor import NodeExecutors
from dify_hex.application.workflow.ports import (
    GraphCodec,
    RunEventCodec,
    RunEventStream,
    RunJournal,
    StoredRuns,
)
from dify_hex.application.workflow.records import (
    ClaimedRun,
    JournalRow,
    Lease,
    StoredRun,
)
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.application.workflow.started_run import DEFAULT_RESUME_WINDOW, StartedRun
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.workflow.errors import RunValueMissing
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus

#: A run that has had this many owners kills them; it is failed instead of tried once more.
MAX_OWNERS = 20
_PAGE = 1000

ABANDONED = RunError(
    code="workflow_run_abandoned",
    message=f"The run was begun anew {MAX_OWNERS} times and never came to an end.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRun:
    """A run that is ready to be driven."""

    lease: Lease
    scheduler: RunScheduler
    recorder: RunRecorder
    background: bool
    resume_window: timedelta
    #: How often something had come in for the owner, and what was desired, when it was loaded.
    inbox: int = 0
    desired_state: DesiredState = DesiredState.RUN


class RunLoader:
    """Assembles a run that begins here, or goes on here after somebody else."""

    def __init__(
        self,
        *,
        journal: RunJournal,
        stream: RunEventStream,
        stored_runs: StoredRuns,
        graphs: GraphCodec,
        events: RunEventCodec,
        nodes: NodeExecutors,
        clock: Clock,
        faults: FaultReporter,
        answers: FormAnswers,
        limits: RunLimits | None = None,
        surroundings: RunSurroundings | None = None,
        values: RunValues | None = None,
    ) -> None:
        self._values = values
        self._surroundings = surroundings or RunSurroundings(graphs)
        self._answers = answers
        self._journal = journal
        self._stream = stream
        self._stored_runs = stored_runs
        self._graphs = graphs
        self._events = events
        self._nodes = nodes
        self._clock = clock
        self._faults = faults
        self._limits = limits or RunLimits()

    def assemble(self, started: StartedRun) -> LoadedRun:
        """A run that was born here; its first events are committed by now."""
        recorder, text = self._open(started.run, started.lease)
        recorder.show_committed(started.rows)
        text.begin(taken_over=False)
        return LoadedRun(
            lease=started.lease,
            scheduler=self._scheduler(started.run, started.lease, recorder, text, is_new=True),
            recorder=recorder,
            background=started.background,
            resume_window=started.resume_window,
        )

    async def load(self, claimed: ClaimedRun) -> LoadedRun:
        """A run whose lease was just taken, as its journal tells it."""
        lease = claimed.lease
        stored = await self._stored_runs.get(lease.tenant_id, lease.run_id)
        rows, lost = await self._with_values(await self._all_rows(lease))
        graph = self._graphs.parse(stored.graph.json)
        events = [self._events.decode(row.type, row.payload) for row in rows]
        found = await self._surroundings.of(lease.tenant_id, graph, events)
        run = WorkflowRun.replay(
            run_id=lease.run_id,
            tenant_id=lease.tenant_id,
            graph=graph,
            events=events,
            linked=found.linked,
            secrets=found.secrets,
        )
        recorder, text = self._open(run, lease)
        recorder.continue_from(run.seq)
        text.begin(taken_over=claimed.taken_over)
        scheduler = self._scheduler(
            run, lease, recorder, text, lost or _condemnation(run, claimed, stored)
        )
        for command in await self._first_commands(run, stored):
            scheduler.post(command)
        return LoadedRun(
            lease=lease,
            scheduler=scheduler,
            recorder=recorder,
            background=stored.background,
            resume_window=stored.resume_window or DEFAULT_RESUME_WINDOW,
            inbox=stored.inbox,
            desired_state=stored.desired_state,
        )

    async def _first_commands(self, run: WorkflowRun, stored: StoredRun) -> Sequence[Command]:
        """What happens before anything else: what was asked of the run while it had no owner."""
        if stored.desired_state is DesiredState.STOP:
            return [Stop("requested")]
        paused = run.status is RunStatus.PAUSED
        if stored.desired_state is DesiredState.EXPIRE and paused:
            return [Expire()]
        commands: list[Command] = [Resume()] if paused else []
        if stored.desired_state is DesiredState.PAUSE:
            commands.append(Pause("requested"))
        if run.waiting_nodes():
            commands += await self._answers.of_run(run.tenant_id, run.run_id)
        return commands

    def _open(self, run: WorkflowRun, lease: Lease) -> tuple[RunRecorder, MessageText]:
        recorder = RunRecorder(
            lease=lease,
            journal=self._journal,
            writer=self._stream.open(lease),
            codec=self._events,
            durability=run.facts.durability,
            values=self._values,
        )
        return recorder, MessageText(run=run, recorder=recorder)

    def _scheduler(
        self,
        run: WorkflowRun,
        lease: Lease,
        recorder: RunRecorder,
        text: MessageText,
        condemned: RunError | None = None,
        is_new: bool = False,
    ) -> RunScheduler:
        return RunScheduler(
            run=run,
            recorder=recorder,
            text=text,
            conclusion=RunConclusion(
                run=run, lease=lease, recorder=recorder, text=text, clock=self._clock
            ),
            attempts=NodeAttempts(
                run=run, text=text, nodes=self._nodes, clock=self._clock, faults=self._faults
            ),
            clock=self._clock,
            limits=self._limits.within(run.facts.bounds),
            condemned=condemned,
            is_new=is_new,
        )

    async def _with_values(
        self, rows: Sequence[JournalRow]
    ) -> tuple[Sequence[JournalRow], RunError | None]:
        """The rows with their large values; or without, and why the run must not go on."""
        try:
            return (rows if self._values is None else await self._values.put_back(rows)), None
        except RunValueMissing as error:
            return [row_with(row, {}) for row in rows], RunError.of(error)

    async def _all_rows(self, lease: Lease) -> Sequence[JournalRow]:
        rows: list[JournalRow] = []
        while True:
            page = await self._journal.read(
                lease.tenant_id, lease.run_id, after=len(rows), limit=_PAGE
            )
            rows.extend(page)
            if len(page) < _PAGE:
                return rows


def _condemnation(run: WorkflowRun, claimed: ClaimedRun, stored: StoredRun) -> RunError | None:
    """Why the run must not go on: it kills its owners, or nobody knows how far it had come."""
    if stored.owners > MAX_OWNERS:
        return ABANDONED
    was_left = run.status is not RunStatus.PAUSED or stored.owners > 1
    if run.facts.durability is Durability.NONE and claimed.taken_over and was_left:
        return OWNER_LOST
    return None
