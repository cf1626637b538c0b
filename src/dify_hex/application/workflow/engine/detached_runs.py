"""Runs that nothing is stored of: of a graph in a file, of a single node, and for measuring."""

from collections.abc import Callable, Mapping, Sequence

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.workflow.engine.attempts import NodeAttempts
from dify_hex.application.workflow.engine.conclusion import RunConclusion
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.engine.scheduler import RunScheduler
from dify_hex.application.workflow.node_executor import NodeExecutors
from dify_hex.application.workflow.ports import RunEventCodec, RunJournal, StreamWriter
from dify_hex.application.workflow.records import (
    JournalHead,
    JournalRow,
    Lease,
    RunEnding,
    StreamEntry,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunStarted

OnEntry = Callable[[StreamEntry], None]


class DetachedRuns:
    """Executes graphs in this process alone; events go to whoever asked, and nowhere else."""

    def __init__(
        self,
        *,
        nodes: NodeExecutors,
        codec: RunEventCodec,
        clock: Clock,
        faults: FaultReporter,
        limits: RunLimits,
    ) -> None:
        self._nodes = nodes
        self._codec = codec
        self._clock = clock
        self._faults = faults
        self._limits = limits

    async def execute(
        self, tenant_id: TenantId, graph: Graph, facts: RunStarted, on_entry: OnEntry
    ) -> RunResult:
        """Run the graph to its end, or to the first form that it asks somebody to fill."""
        run = WorkflowRun(run_id=facts.run_id, tenant_id=tenant_id, graph=graph)
        lease = Lease(tenant_id=tenant_id, run_id=facts.run_id, owner="", token=1)
        recorder = RunRecorder(
            lease=lease,
            journal=_NoJournal(),
            writer=_Told(on_entry),
            codec=self._codec,
            durability=facts.durability,
        )
        text = MessageText(run=run, recorder=recorder)
        recorder.record(run.start(facts))
        text.begin(taken_over=False)
        scheduler = RunScheduler(
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
            limits=self._limits.within(facts.bounds),
        )
        return await scheduler.drive()


class _Told(StreamWriter):
    def __init__(self, on_entry: OnEntry) -> None:
        self._on_entry = on_entry

    def write(self, entries: Sequence[StreamEntry]) -> None:
        for entry in entries:
            self._on_entry(entry)

    async def close(self) -> None:
        return None


class _NoJournal(RunJournal):
    async def append(self, rows: Sequence[JournalRow], *, urgent: bool) -> None:
        del rows, urgent

    async def finish(self, ending: RunEnding) -> None:
        del ending

    async def read(
        self, tenant_id: TenantId, run_id: WorkflowRunId, *, after: int, limit: int = 1000
    ) -> Sequence[JournalRow]:
        del tenant_id, run_id, after, limit
        return ()

    async def heads(
        self, runs: Sequence[tuple[TenantId, WorkflowRunId]]
    ) -> Mapping[WorkflowRunId, JournalHead]:
        del runs
        return {}
