"""A run that repeats or forks another: what it takes over, and what it does again."""

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import NodeId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.lineage import Branch, Lineage
from dify_hex.domain.workflow.node_events import NodeSucceeded
from dify_hex.domain.workflow.node_policy import ErrorStrategy, NodePolicy
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.replay import Replay
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent, RunStarted
from dify_hex.domain.workflow.statuses import NodeStatus, RunStatus
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import selector
from tests.builders.workflow import NOW, at, edge, facts, graph, llm, new_run, node
from tests.reference.finished_runs import (
    begin_with,
    compute,
    finish,
    finished,
    iterating_graph,
    whole_graphs,
)
from tests.reference.probe import ProbeConfig

ITEM_LISTS = st.lists(st.integers(0, 9), max_size=4)
CHANCES = st.randoms(use_true_random=False)
THOROUGHLY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
AWAY = RunError(code="model_unavailable", message="The model is away.")

DIAMOND = graph(
    [node(name, ProbeConfig()) for name in "abcd"],
    edge("a", "b"),
    edge("a", "c"),
    edge("b", "d"),
    edge("c", "d"),
)


def new_facts(of: RunStarted) -> RunStarted:
    return replace(of, run_id=WorkflowRunId(new_id()), parent_run_id=of.run_id)


def began(
    run: WorkflowRun,
    events: list[RunEvent],
    *again: str,
    of: Graph | None = None,
    changes: Mapping[str, JsonObject] | None = None,
) -> tuple[WorkflowRun, list[RunEvent]]:
    """The run that begins again from some nodes."""
    branch = Branch(
        again=frozenset(map(NodeId, again)),
        changes={NodeId(name): values for name, values in (changes or {}).items()},
    )
    lineage = Lineage(run.graph, events)
    new, first = lineage.begin(run.tenant_id, of or run.graph, new_facts(run.facts), branch)
    return new, list(first)


def performed(
    of: Graph, *names: str, **outcomes: NodeOutcome
) -> tuple[WorkflowRun, list[RunEvent]]:
    """A run in which these nodes have ended."""
    run = new_run(of)
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    for name in names:
        events += run.start_node(at(name), now=NOW)
        outcome = outcomes.get(name, NodeOutcome(outputs={"value": 1}))
        events += run.succeed_node(at(name), outcome, now=NOW)
    return run, events


def begun_nodes(run: WorkflowRun) -> set[str]:
    return {str(node_id) for node_id in run.nodes}


@THOROUGHLY
@given(whole_graphs(), ITEM_LISTS, CHANCES, st.data())
def test_a_fork_that_changes_nothing_comes_to_the_same(
    of: Graph, items: list[int], chance: random.Random, data: st.DataObject
) -> None:
    run, events = finished(of, items, chance)
    roots = [each.id for each in of.nodes if each.parent is None]
    again = data.draw(st.sampled_from(roots))

    new, journal = began(run, events, again)
    finish(new, journal, chance)

    assert new.status is run.status
    if run.status is not RunStatus.FAILED:
        assert _outputs(new) == _outputs(run)
    replay = Replay(run_id=new.run_id, tenant_id=new.tenant_id, graph=of, compute=compute)
    assert replay.first_difference(journal) is None
    assert _outputs(_folded(new, journal)) == _outputs(new)


@THOROUGHLY
@given(whole_graphs(), ITEM_LISTS, CHANCES)
def test_a_retry_does_what_failed_again_and_nothing_that_was_done(
    of: Graph, items: list[int], chance: random.Random
) -> None:
    run, events = finished(of, items, chance)
    failed = Lineage(run.graph, events).failed

    new, _ = began(run, events, *failed)

    for node_id, each in new.nodes.items():
        assert node_id not in failed
        assert each.status in (NodeStatus.SUCCEEDED, NodeStatus.SKIPPED)
        assert each.outputs == run.nodes[node_id].outputs


@THOROUGHLY
@given(whole_graphs(), whole_graphs(), ITEM_LISTS, CHANCES)
def test_a_run_can_be_forked_to_any_other_graph(
    of: Graph, other: Graph, items: list[int], chance: random.Random
) -> None:
    run, events = finished(of, items, chance)
    fresh = new_run(other)
    begun = replace(begin_with(items), run_id=fresh.run_id)
    finish(fresh, list(fresh.start(begun)), chance)

    new, journal = began(run, events, of=other)
    finish(new, journal, chance)

    assert new.status is fresh.status


class TestKeeping:
    def test_what_leads_to_a_node_is_kept_and_what_follows_is_not(self) -> None:
        run, events = performed(DIAMOND, "a", "b", "c", "d")

        new, journal = began(run, events, "b")

        assert begun_nodes(new) == {"a", "c"}
        assert new.ready() == (at("b"),)
        assert new.facts.parent_run_id == run.run_id
        assert new.facts.taken_over == len(journal) - 1 == 4

    def test_what_was_not_ended_is_done_again(self) -> None:
        run, events = performed(DIAMOND, "a", "b")
        events += run.start_node(at("c"), now=NOW)
        events += run.fail_node(at("c"), AWAY, now=NOW)

        new, _ = began(run, events)

        assert Lineage(DIAMOND, events).failed == {NodeId("c")}
        assert begun_nodes(new) == {"a", "b"}
        assert new.failure is None

    def test_what_was_consumed_is_the_former_runs(self) -> None:
        told = NodeOutcome(outputs={"value": 1}, usage=Usage(prompt_tokens=5))
        run, events = performed(DIAMOND, "a", "b", a=told)

        new, _ = began(run, events)

        assert run.usage.prompt_tokens == 5
        assert new.usage == Usage()

    def test_changed_values_stand_in_place_of_what_was_put_out(self) -> None:
        run, events = performed(DIAMOND, "a", "b", "c", "d")

        new, _ = began(run, events, "d", changes={"b": {"value": 42}})

        assert new.variables.get(Selector(NodeId("b"), "value")) == 42
        assert new.variables.get(Selector(NodeId("c"), "value")) == 1

    def test_a_failure_that_was_provided_for_is_an_outcome(self) -> None:
        handled = replace(
            node("a", ProbeConfig()),
            policy=NodePolicy(on_error=ErrorStrategy.DEFAULT_VALUE, default_outputs={"value": 3}),
        )
        of = graph([handled, node("b", ProbeConfig())], edge("a", "b"))
        run = new_run(of)
        events = list(run.start(facts(run_id=run.run_id, message=False)))
        events += run.start_node(at("a"), now=NOW)
        events += run.fail_node(at("a"), AWAY, now=NOW)

        kept, _ = began(run, events, "b")
        retried, _ = began(run, events, *Lineage(of, events).failed)

        assert kept.ready() == (at("b"),)
        assert retried.ready() == (at("a"),)

    def test_an_iteration_is_kept_as_a_whole_or_not_at_all(self) -> None:
        of = iterating_graph()
        run, events = finished(of, [1, 2], random.Random(3))

        after, journal = began(run, events, "after")
        anew, _ = began(run, events, "each")

        assert begun_nodes(after) == {"before", "each"}
        assert sum(event.type == "iteration.item" for event in journal) == 2
        assert begun_nodes(anew) == {"before"}


class TestChangedGraphs:
    def test_a_node_that_has_changed_is_done_again_with_all_that_follows(self) -> None:
        run, events = performed(DIAMOND, "a", "b", "c", "d")
        changed = _with(DIAMOND, node("c", ProbeConfig(weight=9)))

        new, _ = began(run, events, of=changed)

        assert begun_nodes(new) == {"a", "b"}

    def test_another_title_changes_nothing(self) -> None:
        run, events = performed(DIAMOND, "a", "b", "c", "d")
        renamed = _with(DIAMOND, replace(node("c", ProbeConfig()), title="See"))

        new, _ = began(run, events, of=renamed)

        assert begun_nodes(new) == {"a", "b", "c", "d"}

    def test_a_new_node_in_between_lets_what_follows_be_done_again(self) -> None:
        run, events = performed(DIAMOND, "a", "b", "c", "d")
        longer = Graph(
            nodes=(*DIAMOND.nodes, node("e", ProbeConfig())),
            edges=(edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "e"), edge("e", "d")),
        )

        new, _ = began(run, events, of=longer)

        assert begun_nodes(new) == {"a", "b", "c"}

    def test_a_node_that_is_gone_is_not_kept(self) -> None:
        run, events = performed(DIAMOND, "a", "b", "c", "d")
        shorter = graph([node("a", ProbeConfig()), node("b", ProbeConfig())], edge("a", "b"))

        new, _ = began(run, events, of=shorter)

        assert begun_nodes(new) == {"a", "b"}

    @pytest.mark.parametrize("inner", [ProbeConfig(weight=4), ProbeConfig(weight=5)])
    def test_a_container_has_changed_when_anything_inside_it_has(self, inner: ProbeConfig) -> None:
        of = iterating_graph()
        run, events = finished(of, [1, 2], random.Random(3))
        changed = _with(of, replace(node("inner", inner), parent=NodeId("each")))

        new, _ = began(run, events, of=changed)

        assert ("each" in begun_nodes(new)) is (inner.weight == 4)

    def test_a_container_has_changed_when_its_edges_have(self) -> None:
        of = iterating_graph()
        run, events = finished(of, [1, 2], random.Random(3))
        fewer = tuple(each for each in of.edges if each.source != "inner")
        changed = Graph(nodes=of.nodes, edges=fewer)

        new, _ = began(run, events, of=changed)

        assert begun_nodes(new) == {"before"}

    def test_what_looks_at_a_changed_environment_is_done_again(self) -> None:
        before, after = (_speaking(region) for region in ("north", "south"))
        run, events = performed(before, "start", "llm")

        new, _ = began(run, events, of=after)
        same, _ = began(run, events, of=before)

        assert begun_nodes(new) == {"start"}
        assert begun_nodes(same) == {"start", "llm"}


def _speaking(region: str) -> Graph:
    region_of = VariableDeclaration(name="REGION", type=ValueType.STRING, value=region)
    config: LlmConfig = replace(llm(), query=selector("env.REGION"))
    return Graph(
        nodes=(node("start", ProbeConfig()), node("llm", config)),
        edges=(edge("start", "llm"),),
        environment=(region_of,),
    )


def _with(of: Graph, changed: Node) -> Graph:
    nodes = tuple(changed if each.id == changed.id else each for each in of.nodes)
    return Graph(nodes=nodes, edges=of.edges)


def _outputs(run: WorkflowRun) -> dict[NodeId, tuple[NodeStatus, JsonObject]]:
    return {node_id: (each.status, each.outputs) for node_id, each in run.nodes.items()}


def _folded(run: WorkflowRun, events: list[RunEvent]) -> WorkflowRun:
    return WorkflowRun.replay(
        run_id=run.run_id, tenant_id=run.tenant_id, graph=run.graph, events=events
    )


def test_a_kept_node_says_what_it_said() -> None:
    run, events = performed(DIAMOND, "a")

    _, journal = began(run, events)

    taken = journal[-1]
    assert isinstance(taken, NodeSucceeded)
    assert (taken.node_id, taken.outputs) == ("a", {"value": 1})
