"""An engine in memory: everything real but the database, the stream and the model."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.workflow.engine.claimer import RunClaimer
from dify_hex.application.workflow.engine.commands import Stop
from dify_hex.application.workflow.engine.form_answers import FormAnswers
from dify_hex.application.workflow.engine.lease_keeper import LeaseKeeper
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.engine.run_host import RunHandle, RunHost
from dify_hex.application.workflow.engine.run_loader import RunLoader
from dify_hex.application.workflow.ports import (
    GraphDocuments,
    NewRuns,
)
from dify_hex.application.workflow.records import (
    NewRun,
)
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.application.workflow.start_run import StartRun, StartRunCommand, StartRunWork
from dify_hex.application.workflow.started_run import StartedRun
from dify_hex.domain.account.permissions import Role, permissions_of
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    MessageId,
    TenantId,
    WorkflowRunId,
)
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.graph.graph import Graph
from tests.builders.workflow import NOW, chat_graph
from tests.fakes.memory_runs import MemoryRun, MemoryRuns
from tests.fakes.memory_signals import MemorySignals
from tests.fakes.recorded_stream import RecordedStream
from tests.fakes.scripted_nodes import Dialogue, ScriptedNodes


class StillClock(Clock):
    """A clock that a test moves by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


class KeptFaults(FaultReporter):
    """Faults, for a test to look at."""

    def __init__(self) -> None:
        self.faults: list[BaseException] = []

    def report(self, error: BaseException, *, where: str, **context: str) -> None:
        del where, context
        self.faults.append(error)


class _Work(StartRunWork):
    """The part of a unit of work in which runs begin; they are stored at once."""

    def __init__(self, runs: MemoryRuns, graph: GraphDocument) -> None:
        self._runs = runs
        self._graph = graph

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    async def commit(self) -> None:
        return None

    @property
    def workflow_runs(self) -> NewRuns:
        return _Births(self._runs, self._graph)

    @property
    def graph_documents(self) -> GraphDocuments:
        return _Forgotten()


class _Births(NewRuns):
    def __init__(self, runs: MemoryRuns, graph: GraphDocument) -> None:
        self._runs = runs
        self._graph = graph

    async def add(self, run: NewRun) -> None:
        self._runs.birth(run, self._graph)


class _Forgotten(GraphDocuments):
    async def add(self, document: GraphDocument) -> None:
        del document


class Engine:
    """One process of the engine; several may share `runs`, as processes share a database."""

    def __init__(
        self,
        *,
        nodes: ScriptedNodes | None = None,
        runs: MemoryRuns | None = None,
        owner: str = "api-1",
        capacity: int = 10,
        limits: RunLimits | None = None,
        files: tuple[JsonObject, ...] = (),
        durability: Durability = Durability.STRICT,
        values: RunValues | None = None,
        inputs: JsonObject | None = None,
    ) -> None:
        self._inputs = inputs or {}
        self._durability = durability
        self._files = files
        self.runs = runs or MemoryRuns()
        self.stream = RecordedStream()
        self.signals = MemorySignals()
        self.faults = KeptFaults()
        self.nodes = nodes or ScriptedNodes()
        self.clock = StillClock()
        self.actor = Actor(tenant_id=TenantId(new_id()), permissions=permissions_of(Role.OPERATOR))
        self._graphs = PydanticGraphCodec()
        events = PydanticRunEventCodec()
        loader = RunLoader(
            journal=self.runs,
            stream=self.stream,
            stored_runs=self.runs,
            graphs=self._graphs,
            events=events,
            nodes=self.nodes,
            clock=self.clock,
            faults=self.faults,
            limits=limits or RunLimits(),
            answers=FormAnswers(self.runs.forms),
            values=values,
        )
        self.host = RunHost(
            owner=owner,
            capacity=capacity,
            loader=loader,
            leases=self.runs,
            signals=self.signals,
            faults=self.faults,
            telemetry=SilentTelemetry(),
        )
        self._start_run = StartRun(
            owner=owner,
            clock=self.clock,
            graphs=self._graphs,
            events=events,
            nodes=self.nodes,
            values=values,
        )

    async def begin(
        self,
        graph: Graph | None = None,
        *,
        background: bool = False,
        resume_window: timedelta = timedelta(seconds=20),
    ) -> StartedRun:
        """Store a run as if its transaction had been committed."""
        document = self._graphs.document(graph or chat_graph())
        command = StartRunCommand(
            run_id=WorkflowRunId(new_id()),
            app_id=AppId(new_id()),
            app_version_id=None,
            graph=document,
            user=EndUserName("ada"),
            inputs=self._inputs,
            query="Hello?",
            files=self._files,
            durability=self._durability,
            message_id=MessageId(new_id()),
            conversation_id=ConversationId(new_id()),
            background=background,
            resume_window=resume_window,
        )
        return await self._start_run.execute(self.actor, command, _Work(self.runs, document))

    async def launch(
        self,
        graph: Graph | None = None,
        *,
        resume_window: timedelta = timedelta(seconds=20),
    ) -> RunHandle:
        """Begin a foreground run and execute it here."""
        with self.host.reserve() as place:
            return place.launch(await self.begin(graph, resume_window=resume_window))

    def only_run(self) -> MemoryRun:
        """The one run there is."""
        (run,) = self.runs.runs.values()
        return run

    def only_id(self) -> WorkflowRunId:
        """Its id."""
        (run_id,) = self.runs.runs
        return run_id

    def stop_only_run(self) -> None:
        """Ask it to stop, as somebody in the same process does."""
        assert self.host.post(self.only_id(), Stop("requested"))

    def journal(self) -> list[str]:
        """The types of its journalled events."""
        return [row.type for row in self.only_run().rows]


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is true."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for is a fake's plain state
            await asyncio.sleep(0)


async def launched(
    dialogue: Dialogue, *, resume_window: timedelta = timedelta(seconds=20)
) -> tuple[Engine, RunHandle]:
    """An engine whose one run has called the model."""
    engine = Engine(nodes=ScriptedNodes(dialogue.script))
    handle = await engine.launch(resume_window=resume_window)
    await until(lambda: engine.nodes.open_calls == 1)
    return engine, handle


def keeper_of(engine: Engine) -> LeaseKeeper:
    """What renews the leases of the engine's process."""
    return LeaseKeeper(
        host=engine.host,
        leases=engine.runs,
        signals=engine.signals,
        answers=FormAnswers(engine.runs.forms),
    )


def claimer_of(engine: Engine) -> RunClaimer:
    """What takes on the runs that nobody owns."""
    return RunClaimer(
        host=engine.host, leases=engine.runs, signals=engine.signals, faults=engine.faults
    )
