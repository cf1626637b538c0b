"""Whatever the graph and the order in which its nodes end, a run means one thing."""

import random
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.statuses import NodeStatus, RunStatus
from dify_hex.domain.workflow.variables.pool import VariablePool
from tests.builders.workflow import NOW, facts, new_run, node
from tests.builders.workflow import graph as graph_of
from tests.reference.interpreter import Failed, Interpreter
from tests.reference.probe import ProbeConfig
from tests.reference.random_graphs import ITEMS, graphs

LOST = RunError(code="workflow_owner_lost", message="gone")
ITEM_LISTS = st.lists(st.integers(0, 9), max_size=4)
CHANCES = st.randoms(use_true_random=False)
THOROUGHLY = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Driver:
    """Ends open nodes in random order, until the run comes to rest."""

    def __init__(self, run: WorkflowRun, events: list[RunEvent], chance: random.Random) -> None:
        self.run = run
        self.events = events
        self._chance = chance

    def drive(self, *, most: int = 100_000) -> None:
        """Take at most so many decisions."""
        for _ in range(most):
            if self.run.failure is not None or not self._decide():
                return

    def end(self) -> RunStatus:
        """End the run as its scheduler would."""
        if self.run.failure is not None:
            self.events += self.run.fail(self.run.failure, answer="", now=NOW)
        else:
            self.events += self.run.succeed(answer="", now=NOW)
        return self.run.status

    def _decide(self) -> bool:
        run = self.run
        ready, begun = run.ready(), run.open_nodes()
        if ready and (not begun or self._chance.random() < 0.6):
            self.events += run.start_node(self._chance.choice(ready), now=NOW)
            return True
        if not begun:
            return False
        address = self._chance.choice(begun)
        config = run.node_at(address).config
        if isinstance(config, LoopEndConfig):
            self.events += run.succeed_node(address, NodeOutcome(outputs={}), now=NOW)
            return True
        result = cast("ProbeConfig", config).react(run.variables_of(address))
        if isinstance(result, RunError):
            self.events += run.fail_node(address, result, now=NOW)
        else:
            self.events += run.succeed_node(address, result, now=NOW)
        return True


def begun(graph: Graph, items: list[int], chance: random.Random) -> Driver:
    run = new_run(graph)
    run.variables.put(ITEMS.node_id, {ITEMS.name: items})
    return Driver(run, list(run.start(facts(run_id=run.run_id, message=False))), chance)


def taken_up(driver: Driver, events: list[RunEvent], items: list[int]) -> Driver:
    """The run as another owner finds it, who has only the journal."""
    run = new_run(driver.run.graph)
    run.variables.put(ITEMS.node_id, {ITEMS.name: items})
    for event in events:
        run.fold(event)
    return Driver(run, list(events), random.Random(len(events)))


def outputs(run: WorkflowRun) -> dict[NodeId, dict[str, JsonValue] | None]:
    return {
        node_id: None if node.status is NodeStatus.SKIPPED else dict(node.outputs)
        for node_id, node in run.nodes.items()
    }


def meaning(graph: Graph, items: list[int]) -> tuple[RunStatus, object]:
    pool = VariablePool()
    pool.put(ITEMS.node_id, {ITEMS.name: cast("list[JsonValue]", items)})
    interpreter = Interpreter(graph)
    try:
        told = interpreter.run(None, pool)
    except Failed:
        return RunStatus.FAILED, None
    status = RunStatus.PARTIAL_SUCCEEDED if interpreter.handled else RunStatus.SUCCEEDED
    return status, told.outputs


def came_to(driver: Driver) -> tuple[RunStatus, object]:
    status = driver.end()
    return status, None if status is RunStatus.FAILED else outputs(driver.run)


@THOROUGHLY
@given(graphs(), ITEM_LISTS, CHANCES)
def test_a_run_means_what_the_reference_says_in_whatever_order_its_nodes_end(
    graph: Graph, items: list[int], chance: random.Random
) -> None:
    driver = begun(graph, items, chance)
    driver.drive()

    assert came_to(driver) == meaning(graph, items)


@THOROUGHLY
@given(graphs(), ITEM_LISTS, CHANCES)
def test_folding_the_journal_gives_the_live_state(
    graph: Graph, items: list[int], chance: random.Random
) -> None:
    driver = begun(graph, items, chance)
    driver.drive(most=chance.randint(1, 40))
    folded = taken_up(driver, driver.events, items).run

    assert folded.seq == driver.run.seq == len(driver.events)
    assert folded.ready() == driver.run.ready()
    assert folded.open_nodes() == driver.run.open_nodes()
    assert folded.nodes == driver.run.nodes
    assert folded.steps == driver.run.steps
    assert folded.usage == driver.run.usage
    assert folded.failure == driver.run.failure


@THOROUGHLY
@given(graphs(), ITEM_LISTS, CHANCES, st.data())
def test_a_journal_cut_anywhere_and_continued_gives_the_same_outputs(
    graph: Graph, items: list[int], chance: random.Random, data: st.DataObject
) -> None:
    whole = begun(graph, items, chance)
    whole.drive()
    cut = data.draw(st.integers(1, len(whole.events)))
    driver = taken_up(whole, whole.events[:cut], items)
    for address in driver.run.open_nodes():
        driver.events += driver.run.interrupt_node(address, LOST, now=NOW)
    driver.events += driver.run.catch_up(now=NOW)
    driver.drive()

    assert came_to(driver) == came_to(whole)


def test_the_reference_itself_can_fail() -> None:
    failing = graph_of([node("a", ProbeConfig(weight=2, fails_on=2))])

    with pytest.raises(Failed):
        Interpreter(failing).run(None, VariablePool())
