"""Whatever the graph, a journal agrees with itself, and notices what is gone."""

import random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dify_hex.domain.workflow.container_events import ContainerEvent
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_events import NodeSkipped
from tests.reference.finished_runs import finished, whole_graphs
from tests.reference.replaying import difference

ITEM_LISTS = st.lists(st.integers(0, 9), max_size=4)
CHANCES = st.randoms(use_true_random=False)
THOROUGHLY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@THOROUGHLY
@given(whole_graphs(), ITEM_LISTS, CHANCES)
def test_a_run_is_replayed_without_a_difference(
    graph: Graph, items: list[int], chance: random.Random
) -> None:
    run, events = finished(graph, items, chance)

    assert difference(run, events) is None


@THOROUGHLY
@given(whole_graphs(), ITEM_LISTS, CHANCES, st.data())
def test_the_beginning_of_a_journal_is_replayed_too(
    graph: Graph, items: list[int], chance: random.Random, data: st.DataObject
) -> None:
    run, events = finished(graph, items, chance)
    cut = data.draw(st.integers(1, len(events)))

    assert difference(run, events[:cut]) is None


@THOROUGHLY
@given(whole_graphs(), ITEM_LISTS, CHANCES, st.data())
def test_a_row_that_is_gone_is_noticed(
    graph: Graph, items: list[int], chance: random.Random, data: st.DataObject
) -> None:
    run, events = finished(graph, items, chance)
    computed = [
        place
        for place, event in enumerate(events[:-1])
        if isinstance(event, NodeSkipped | ContainerEvent)
    ]
    assume(computed)
    gone = data.draw(st.sampled_from(computed))

    found = difference(run, events[:gone] + events[gone + 1 :])

    assert found is not None
    assert found.seq == gone + 1
    assert found.computed == events[gone]
