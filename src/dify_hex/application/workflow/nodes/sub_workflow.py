"""Executes the sub-workflow node: finds the workflow that the engine then runs in its place."""

import asyncio
from collections.abc import AsyncGenerator
from weakref import WeakValueDictionary

from dify_hex.application.workflow.node_executor import (
    LinkedGraph,
    NodeContext,
    NodeExecutor,
    NodeOutput,
)
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import RunInputsInvalid
from dify_hex.domain.workflow.links import require_linkable
from dify_hex.domain.workflow.nodes.sub_workflow import SubWorkflowConfig
from dify_hex.domain.workflow.starting import start_of

#: Workflows that one run looks up at a time, so that it leaves the database to others as well.
LOOKUPS_OF_A_RUN = 2


class SubWorkflowExecutor(NodeExecutor[SubWorkflowConfig]):
    """Looks the workflow up once; what it finds is journalled, and is what a repetition runs.

    - The workflow is one of the tenant's own, published and in use, and not open already around
      the node.
    - Inputs are held against what its start declares, as if a caller had given them.
    """

    def __init__(self, services: NodeServices) -> None:
        self._workflows = services.workflows
        self._turns: WeakValueDictionary[WorkflowRunId, asyncio.Semaphore] = WeakValueDictionary()

    async def execute(
        self, config: SubWorkflowConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield the graph to run."""
        inputs = config.inputs_from(context.variables)
        require_linkable(config.app_id, context.links, context.frame)
        async with self._turn_of(context.facts.run_id):
            found = await self._workflows.find(context.tenant_id, config.app_id, config.pinned)
        reading = start_of(found.graph).read_inputs(inputs)
        if reading.faults:
            raise RunInputsInvalid(reading.faults)
        yield LinkedGraph(
            app_id=config.app_id,
            app_version_id=found.app_version_id,
            graph_hash=found.graph_hash,
            graph=found.graph,
            inputs=reading.values,
            secrets=found.secrets,
        )

    def _turn_of(self, run_id: WorkflowRunId) -> asyncio.Semaphore:
        turn = self._turns.get(run_id)
        if turn is None:
            turn = self._turns[run_id] = asyncio.Semaphore(LOOKUPS_OF_A_RUN)
        return turn
