"""What an attempt makes of a node that fails."""

from collections.abc import AsyncGenerator
from typing import cast
from uuid import UUID

from dify_hex.application.workflow.engine.attempts import NodeAttempts
from dify_hex.application.workflow.engine.message_text import MessageText
from dify_hex.application.workflow.node_executor import NodeContext, NodeOutput
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.engine import KeptFaults, StillClock
from tests.builders.workflow import at, edge, facts, llm, node, start
from tests.fakes.scripted_nodes import ScriptedNodes


async def test_an_error_is_told_without_the_secrets_that_others_put_into_its_words() -> None:
    async def echo(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        if context.attempt:
            raise VariableMissing("Exception: s3cret", body="key s3cret")
        yield NodeOutcome(outputs={})

    began = facts()
    drawn = Graph(
        nodes=(node("start", start()), node("call", llm())),
        edges=(edge("start", "call"),),
        environment=(VariableDeclaration(name="KEY", type=ValueType.SECRET),),
    )
    run = WorkflowRun(
        run_id=began.run_id,
        tenant_id=TenantId(UUID(int=1)),
        graph=drawn,
        secrets={began.app_id: {"KEY": "s3cret"}},
    )
    run.start(began)
    attempts = NodeAttempts(
        run=run,
        text=cast("MessageText", None),
        nodes=ScriptedNodes(echo),
        clock=StillClock(),
        faults=KeptFaults(),
    )

    result = await attempts.begin(at("call")).execute()

    assert isinstance(result, RunError)
    assert result.message == "Exception: ***"
    assert result.details == {"body": "key ***"}
