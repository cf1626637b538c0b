"""dify_hex's engine: real graphs, nodes, events and their encoding; nothing is stored."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from benchmarks.engines import dify_hex_graphs as graphs
from benchmarks.engines.serving import Events, Execute, Prepare, serve
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.shared.clock import SystemClock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.engine.detached_runs import DetachedRuns
from dify_hex.application.workflow.engine.limits import RunLimits
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.run_events import RunStarted
from tests.builders.engine import KeptFaults
from tests.builders.node_services import services


class Engine:
    """Executes graphs; every event is encoded, handed out and counted."""

    def __init__(self) -> None:
        self.events = Events()
        self._tenant = TenantId(new_id())
        self._app = AppId(new_id())
        self._runs = DetachedRuns(
            nodes=NodeRegistry(services(), graphs.REGISTERED),
            codec=PydanticRunEventCodec(),
            clock=SystemClock(),
            faults=KeptFaults(),
            limits=RunLimits(),
        )

    def prepares(self) -> Mapping[str, Prepare]:
        """The workloads."""
        return {
            "chain": self._chain,
            "parallel": self._parallel,
            "iteration": self._iteration,
            "branches": self._branches,
            "waits": self._waits,
        }

    async def run(self, graph: Graph, inputs: JsonObject) -> JsonValue:
        """What one run puts out."""
        facts = RunStarted(
            at=datetime.now(UTC),
            run_id=WorkflowRunId(new_id()),
            graph_hash="0" * 64,
            node_schemas={},
            app_id=self._app,
            app_version_id=None,
            user=EndUserName("benchmark"),
            inputs=inputs,
            durability=Durability.NONE,
        )
        result = await self._runs.execute(self._tenant, graph, facts, self.events.take)
        return result.outputs["output"]

    def _chain(self, size: int) -> Execute:
        graph = graphs.chain(size)
        return lambda: self.run(graph, {"x": "a"})

    def _parallel(self, size: int) -> Execute:
        graph = graphs.parallel(size)
        return lambda: self.run(graph, {"x": "a"})

    def _iteration(self, size: int) -> Execute:
        graph = graphs.iteration()
        return lambda: self.run(graph, {"items": list(range(size))})

    def _branches(self, size: int) -> Execute:
        graph = graphs.branches()

        async def execute() -> list[JsonValue]:
            return [await self.run(graph, {"x": number}) for number in range(size)]

        return execute

    def _waits(self, size: int) -> Execute:
        graph = graphs.wait()

        async def execute() -> list[JsonValue]:
            return list(await asyncio.gather(*(self.run(graph, {}) for _ in range(size))))

        return execute


async def _serve() -> None:
    engine = Engine()
    await serve(engine.prepares(), engine.events)


if __name__ == "__main__":
    asyncio.run(_serve())
