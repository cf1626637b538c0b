"""A run of nodes that only compute: branches join, variables change, outputs come back."""

import json
from dataclasses import replace

import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.application.workflow.engine.attempts import context_of
from dify_hex.application.workflow.nodes.registry import NodeRegistry
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.statuses import NodeStatus
from tests.builders.engine import StillClock
from tests.builders.node_services import services
from tests.builders.workflow import NOW, facts, new_run

CODEC = PydanticGraphCodec()
GRAPH = {
    "conversation": [{"name": "seen", "type": "number", "value": 0}],
    "nodes": [
        {
            "id": "start",
            "type": "start",
            "config": {"variables": [{"variable": "words", "type": "json_object"}]},
        },
        {
            "id": "longest",
            "type": "list-operator",
            "config": {
                "variable": ["start", "words", "list"],
                "order_by": {"enabled": True, "value": "desc"},
                "limit": {"enabled": True, "size": 2},
            },
        },
        {
            "id": "branch",
            "type": "if-else",
            "config": {
                "cases": [
                    {
                        "case_id": "some",
                        "conditions": [
                            {
                                "variable_selector": ["longest", "result"],
                                "comparison_operator": "not empty",
                            }
                        ],
                    }
                ]
            },
        },
        {
            "id": "said",
            "type": "template-transform",
            "config": {
                "template": "{{ words | join(' and ') }}",
                "variables": [{"variable": "words", "value_selector": ["longest", "result"]}],
            },
        },
        {
            "id": "nothing",
            "type": "template-transform",
            "config": {"template": "nothing"},
        },
        {
            "id": "either",
            "type": "variable-aggregator",
            "config": {"variables": [["said", "output"], ["nothing", "output"]]},
        },
        {
            "id": "count",
            "type": "assigner",
            "config": {
                "items": [
                    {
                        "variable_selector": ["conversation", "seen"],
                        "operation": "+=",
                        "input_type": "constant",
                        "value": 1,
                    }
                ]
            },
        },
        {
            "id": "end",
            "type": "end",
            "config": {
                "run_outputs": [
                    {"variable": "text", "value_selector": ["either", "output"]},
                    {"variable": "seen", "value_selector": ["conversation", "seen"]},
                ]
            },
        },
    ],
    "edges": [
        {"source": "start", "target": "longest"},
        {"source": "longest", "target": "branch"},
        {"source": "branch", "target": "said", "handle": "some"},
        {"source": "branch", "target": "nothing", "handle": "false"},
        {"source": "said", "target": "either"},
        {"source": "nothing", "target": "either"},
        {"source": "either", "target": "count"},
        {"source": "count", "target": "end"},
    ],
}


def ended(inputs: JsonObject) -> WorkflowRun:
    """The run with every node that could be reached behind it."""
    nodes, clock = NodeRegistry(services()), StillClock()
    run = new_run(CODEC.parse(json.dumps(GRAPH)))
    run.start(replace(facts(run_id=run.run_id, inputs=inputs), conversation={"seen": 0}))
    while ready := run.ready():
        address = ready[0]
        run.start_node(address, now=NOW)
        outcome = nodes.compute(run.node_at(address).config, context_of(run, address, clock))
        run.succeed_node(address, outcome, now=NOW)
    return run


@pytest.mark.parametrize(
    ("words", "text", "skipped"),
    [
        (["to", "be", "or", "not"], "to and or", "nothing"),
        ([], "nothing", "said"),
    ],
)
def test_one_branch_runs_and_the_other_is_skipped(
    words: list[str], text: str, skipped: str
) -> None:
    run = ended({"words": {"list": words}})

    assert run.nodes[NodeId("end")].outputs == {"text": text, "seen": 1}
    assert run.nodes[NodeId(skipped)].status is NodeStatus.SKIPPED
    assert run.assigned == {"seen": 1}
