"""The list-operator node puts out what is left of a list."""

from dify_hex.application.workflow.nodes.list_operator import ListOperatorNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.list_operator import Limit, ListOperatorConfig
from tests.builders.node_context import context_of
from tests.builders.variables import at, pool_of


def test_the_list_its_first_and_its_last_item_are_put_out() -> None:
    config = ListOperatorConfig(variable=at("start.items"), limit=Limit(enabled=True, size=2))

    outcome = ListOperatorNode().compute(config, context_of(pool_of(start={"items": [1, 2, 3]})))

    assert outcome == NodeOutcome(outputs={"result": [1, 2], "first_record": 1, "last_record": 2})
