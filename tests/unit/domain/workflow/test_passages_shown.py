"""What a run tells of the passages that its models are shown."""

from dataclasses import replace

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import NodeId, WorkflowRunId
from dify_hex.domain.workflow.errors import RunTransitionRefused
from dify_hex.domain.workflow.lineage import Branch, Lineage
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import MessageComplete, PassagesShown, RunEvent
from tests.builders.citations import citation
from tests.builders.workflow import NOW, at, edge, facts, graph, new_run, node
from tests.reference.probe import ProbeConfig
from tests.reference.replaying import difference

TWO = graph([node("a", ProbeConfig()), node("b", ProbeConfig())], edge("a", "b"))
LOST = RunError(code="workflow_owner_lost", message="gone")


def begun(*, message: bool = True) -> tuple[WorkflowRun, list[RunEvent]]:
    run = new_run(TWO)
    events = list(run.start(facts(run_id=run.run_id, message=message)))
    return run, [*events, *run.start_node(at("a"), now=NOW)]


def finished() -> tuple[WorkflowRun, list[RunEvent]]:
    run, events = begun()
    events += run.show_passages(at("a"), [citation(5), citation(4)], now=NOW)
    events += run.succeed_node(at("a"), NodeOutcome(outputs={"value": 1}), now=NOW)
    events += run.start_node(at("b"), now=NOW)
    events += run.show_passages(at("b"), [citation(4), citation(6)], now=NOW)
    events += run.succeed_node(at("b"), NodeOutcome(outputs={"value": 1}), now=NOW)
    events += run.succeed(answer="", now=NOW)
    return run, events


def test_each_passage_is_told_once_and_all_of_them_at_the_end() -> None:
    _, events = finished()

    shown = [event for event in events if isinstance(event, PassagesShown)]
    (complete,) = [event for event in events if isinstance(event, MessageComplete)]

    assert [
        [(each.segment_id.int, each.position) for each in event.citations] for event in shown
    ] == [[(5, 1), (4, 2)], [(6, 3)]]
    assert complete.citations == shown[0].citations + shown[1].citations


def test_an_attempt_that_is_repeated_tells_nothing_again() -> None:
    run, _ = begun()
    assert run.show_passages(at("a"), [citation(1)], now=NOW)
    run.interrupt_node(at("a"), LOST, now=NOW)
    run.start_node(at("a"), now=NOW)

    assert run.show_passages(at("a"), [citation(1)], now=NOW) == ()
    assert run.show_passages(at("a"), [], now=NOW) == ()


def test_a_run_without_a_message_has_nobody_to_tell() -> None:
    run, _ = begun(message=False)
    assert run.show_passages(at("a"), [citation(1)], now=NOW) == ()


def test_a_node_that_is_not_under_way_shows_nothing() -> None:
    run, _ = begun()
    with pytest.raises(RunTransitionRefused):
        run.show_passages(at("b"), [citation(1)], now=NOW)


def test_a_run_that_was_stopped_tells_what_it_had_shown() -> None:
    run, _ = begun()
    run.show_passages(at("a"), [citation(1)], now=NOW)
    complete, _ = run.stop("requested", answer="", now=NOW)
    assert isinstance(complete, MessageComplete)
    assert complete.citations == (citation(1),)


def test_what_was_shown_is_replayed_without_a_difference() -> None:
    run, events = finished()
    assert difference(run, events) is None


def test_a_journal_that_tells_a_passage_twice_differs() -> None:
    run, events = finished()
    place = next(at for at, event in enumerate(events) if isinstance(event, PassagesShown))
    doubled = [*events[: place + 1], events[place], *events[place + 1 :]]

    found = difference(run, doubled)

    assert found is not None
    assert found.seq == place + 2


def test_a_run_that_repeats_another_takes_over_what_its_nodes_had_shown() -> None:
    run, events = finished()
    lineage = Lineage(run.graph, events)
    again = replace(run.facts, run_id=WorkflowRunId(new_id()), parent_run_id=run.run_id)

    new, first = lineage.begin(
        run.tenant_id, run.graph, again, Branch(again=frozenset({NodeId("b")}))
    )

    assert [each.segment_id.int for each in new.citations] == [5, 4]
    assert sum(isinstance(event, PassagesShown) for event in first) == 1
    new.start_node(at("b"), now=NOW)
    (shown,) = new.show_passages(at("b"), [citation(4), citation(6)], now=NOW)
    assert isinstance(shown, PassagesShown)
    assert [(each.segment_id.int, each.position) for each in shown.citations] == [(6, 3)]
