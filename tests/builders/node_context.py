"""What a node's executor is told of its run, for tests of nodes alone."""

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.domain.shared.ids import NodeId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.variables.pool import VariablePool
from tests.builders.engine import StillClock
from tests.builders.workflow import facts


def context_of(
    variables: VariablePool | None = None, *, inputs: JsonObject | None = None
) -> NodeContext:
    """The first attempt of a node that sees these values."""
    return NodeContext(
        tenant_id=TenantId(new_id()),
        node_id=NodeId("node"),
        attempt=1,
        effect_key="key",
        facts=facts(inputs=inputs),
        inputs=inputs or {},
        variables=variables or VariablePool(),
        clock=StillClock(),
    )
