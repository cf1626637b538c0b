"""A fork that cannot be meant is refused, with every fault."""

import random

import pytest

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.errors import ForkInvalid
from dify_hex.domain.workflow.lineage import Lineage, check_fork
from tests.builders.graphs import selector
from tests.reference.finished_runs import finished, iterating_graph


@pytest.mark.parametrize(
    ("again", "changes", "code"),
    [
        ("nowhere", (), "fork_node_unknown"),
        ("inner", (), "fork_node_inside"),
        ("each", ("after.value",), "fork_variable_unknown"),
        ("after", ("before.value.deep",), "fork_variable_unknown"),
    ],
)
def test_what_cannot_be_meant_is_refused(again: str, changes: tuple[str, ...], code: str) -> None:
    of = iterating_graph()
    _, events = finished(of, [1, 2], random.Random(3))
    lineage = Lineage(of, events)

    with pytest.raises(ForkInvalid) as caught:
        check_fork(of, lineage, NodeId(again), {selector(each): 1 for each in changes})

    assert [fault.code for fault in caught.value.faults] == [code]


def test_kept_outputs_and_variables_of_the_conversation_may_change() -> None:
    of = iterating_graph()
    _, events = finished(of, [1, 2], random.Random(3))

    check_fork(
        of,
        Lineage(of, events),
        NodeId("after"),
        {selector("before.value"): 1, selector("conversation.items"): [1]},
    )
