"""dify_hex's engine with its journal on PostgreSQL: an effect waits for all that came before it."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle

import asyncpg
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.engines import dify_hex_graphs as graphs
from benchmarks.engines.serving import DATABASE, Events, Execute, serve
from benchmarks.engines.workloads import EFFECT_RUNS
from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.persistence.engine import PoolSettings, make_engine, make_pool
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.adapters.persistence.workflow.journal import PostgresRunJournal
from dify_hex.application.shared.clock import SystemClock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.workflow.engine.attempts import NodeAttempts
from dify_hex.application.workflow.engine.conclusion import RunConclusion
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.engine.scheduler import RunScheduler
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.application.workflow.ports import StreamWriter
from dify_hex.application.workflow.records import JournalRow, Lease, NewRun, StreamEntry
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent, RunStarted
from tests.builders.engine import KeptFaults
from tests.builders.node_services import services
from tests.builders.workflow import chat_graph

_TENANTS = 8
_SETTINGS = PoolSettings(application_name="benchmark", size=4)


class _Counted(StreamWriter):
    def __init__(self, events: Events) -> None:
        self._events = events

    def write(self, entries: Sequence[StreamEntry]) -> None:
        for entry in entries:
            self._events.take(entry)

    async def close(self) -> None:
        return None


class StrictEngine:
    """Runs are born, driven and ended in PostgreSQL, as the service does it."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool) -> None:
        self.events = Events()
        self._engine = engine
        self._journal = PostgresRunJournal(pool, SilentTelemetry())
        self._nodes = NodeRegistry(services(), graphs.REGISTERED)
        self._codec = PydanticRunEventCodec()
        self._clock = SystemClock()
        self._app = AppId(new_id())
        self._tenants = cycle([TenantId(new_id()) for _ in range(_TENANTS)])
        # A stored graph has to be one that can be read back; the one that runs cannot be.
        self._document: GraphDocument = PydanticGraphCodec().document(chat_graph())

    def effects(self, size: int) -> Execute:
        """Runs at once, whose nodes are effects, one after the other."""
        graph = graphs.wait(seconds=0, nodes=size)

        async def execute() -> list[JsonValue]:
            return list(await asyncio.gather(*(self._run(graph) for _ in range(EFFECT_RUNS))))

        return execute

    async def _run(self, graph: Graph) -> JsonValue:
        tenant_id, run_id = next(self._tenants), WorkflowRunId(new_id())
        run = WorkflowRun(run_id=run_id, tenant_id=tenant_id, graph=graph)
        lease = Lease(tenant_id=tenant_id, run_id=run_id, owner="benchmark", token=1)
        recorder = RunRecorder(
            lease=lease, journal=self._journal, writer=_Counted(self.events), codec=self._codec
        )
        recorder.show_committed(await self._begin(run, lease))
        text = MessageText(run=run, recorder=recorder)
        scheduler = RunScheduler(
            run=run,
            recorder=recorder,
            text=text,
            conclusion=RunConclusion(
                run=run, lease=lease, recorder=recorder, text=text, clock=self._clock
            ),
            attempts=NodeAttempts(
                run=run, text=text, nodes=self._nodes, clock=self._clock, faults=KeptFaults()
            ),
            clock=self._clock,
            limits=RunLimits(),
        )
        result = await scheduler.drive()
        return result.outputs["output"]

    async def _begin(self, run: WorkflowRun, lease: Lease) -> Sequence[JournalRow]:
        events = run.start(
            RunStarted(
                at=datetime.now(UTC),
                run_id=lease.run_id,
                graph_hash=self._document.hash,
                node_schemas={},
                app_id=self._app,
                app_version_id=None,
                user=EndUserName("benchmark"),
                inputs={},
            )
        )
        rows = [self._row(lease, seq, event) for seq, event in enumerate(events, start=1)]
        async with SqlUnitOfWork(self._engine, lease.tenant_id) as work:
            await work.graph_documents.add(self._document)
            await work.workflow_runs.add(
                NewRun(
                    lease=lease,
                    facts=run.facts,
                    rows=rows,
                    background=False,
                    resume_window=timedelta(seconds=20),
                )
            )
            await work.commit()
        return rows

    def _row(self, lease: Lease, seq: int, event: RunEvent) -> JournalRow:
        return JournalRow(
            tenant_id=lease.tenant_id,
            run_id=lease.run_id,
            seq=seq,
            token=lease.token,
            type=event.type,
            payload=self._codec.encode(event),
            at=event.at,
        )


async def _serve(database: str) -> None:
    async with AsyncExitStack() as stack:
        engine = make_engine(database, _SETTINGS)
        stack.push_async_callback(engine.dispose)
        pool = await stack.enter_async_context(make_pool(database, _SETTINGS))
        strict = StrictEngine(engine, pool)
        await serve({"effects": strict.effects}, strict.events)


if __name__ == "__main__":
    uvloop.run(_serve(os.environ[DATABASE]))
