"""A journal replayed: what follows by itself is computed again, and compared."""

from dataclasses import replace

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import AppId, AppVersionId, FormId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_events import (
    NodeFailed,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
)
from dify_hex.domain.workflow.node_policy import NodePolicy, RetryPolicy
from dify_hex.domain.workflow.node_run import NodeOutcome, Printed, RequestedInput, RunError
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.replay import Difference, Replay
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import MessageComplete, RunEvent, RunFailed, RunSucceeded
from tests.builders.workflow import NOW, at, chat_graph, edge, facts, graph, new_run, node
from tests.reference.probe import BROKEN, ProbeConfig, PureProbe
from tests.reference.replaying import compute_anything, difference

AWAY = RunError(code="model_unavailable", message="The model is away.")
LOST = RunError(code="workflow_owner_lost", message="gone")

CHAIN = graph(
    [node("a", ProbeConfig(weight=1)), node("b", PureProbe(weight=2)), node("end", EndConfig())],
    edge("a", "b"),
    edge("b", "end"),
)


def chain_journal() -> tuple[WorkflowRun, list[RunEvent]]:
    run = new_run(CHAIN)
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    events += run.start_node(at("a"), now=NOW)
    events += run.succeed_node(at("a"), NodeOutcome(outputs={"value": 1}), now=NOW)
    events += run.start_node(at("b"), now=NOW)
    events += run.succeed_node(at("b"), NodeOutcome(outputs={"value": 2}), now=NOW)
    events += run.start_node(at("end"), now=NOW)
    events += run.succeed_node(at("end"), NodeOutcome(outputs={"told": "all"}), now=NOW)
    events += run.succeed(answer="", now=NOW)
    return run, events


def test_what_a_pure_node_would_put_out_now_is_compared_with_what_it_did() -> None:
    run, events = chain_journal()
    place = 4
    recorded = events[place]
    assert isinstance(recorded, NodeSucceeded)
    events[place] = replace(recorded, outputs={"value": 99})

    found = difference(run, events)

    assert found is not None
    assert (found.seq, found.recorded) == (place + 1, events[place])
    assert isinstance(found.computed, NodeSucceeded)
    assert found.computed.outputs == {"value": 2}


def test_the_result_is_compared() -> None:
    run, events = chain_journal()
    last = events[-1]
    assert isinstance(last, RunSucceeded)
    events[-1] = replace(last, outputs={"told": "nothing"})

    found = difference(run, events)

    assert found is not None
    assert found.seq == len(events)


def test_what_an_effect_came_to_is_a_fact() -> None:
    run, events = chain_journal()
    recorded = events[2]
    assert isinstance(recorded, NodeSucceeded)
    events[2] = replace(recorded, outputs={"value": 1234}, usage=None, printed=Printed("x"))

    assert difference(run, events) is None


def test_what_could_not_happen_says_why() -> None:
    run, events = chain_journal()

    found = difference(run, [events[0], *events[3:]])

    assert found is not None
    assert found.seq == 2
    assert found.computed is None
    assert found.reason


def test_a_node_that_the_graph_does_not_have_is_a_difference() -> None:
    run, events = chain_journal()
    started = events[1]
    assert isinstance(started, NodeStarted)

    found = difference(run, [events[0], replace(started, frame="/gone.0")])

    assert found is not None
    assert found.seq == 2


def test_retries_interruptions_pauses_and_answers_are_taken_as_they_came() -> None:
    retrying = replace(
        node("a", ProbeConfig()), policy=NodePolicy(retry=RetryPolicy(max_retries=1, jitter=1.0))
    )
    run = new_run(graph([retrying]))
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    events += run.start_node(at("a"), now=NOW)
    events += run.fail_node(at("a"), AWAY, now=NOW, chance=0.5)
    events += run.start_node(at("a"), now=NOW)
    events += run.interrupt_node(at("a"), LOST, now=NOW)
    events += run.start_node(at("a"), now=NOW)
    form = RequestedInput(form_id=FormId(new_id()), content="Well?")
    events += run.request_input(at("a"), form, now=NOW)
    events += run.pause("input", now=NOW)
    events += run.resume(now=NOW)
    events += run.succeed_node(at("a"), NodeOutcome(outputs={"value": 5}), now=NOW)
    events += run.succeed(answer="", now=NOW)

    assert difference(run, events) is None
    waiting = next(event for event in events if isinstance(event, NodeRetrying))
    assert waiting.wait_seconds == 0.5


@pytest.mark.parametrize("end", ["stopped", "expired", "failed"])
@pytest.mark.parametrize("message", [False, True])
def test_an_end_that_came_from_outside_is_taken_as_it_came(end: str, message: bool) -> None:
    run = new_run(chat_graph())
    events = list(run.start(facts(run_id=run.run_id, message=message)))
    if end == "stopped":
        events += run.stop("requested", answer="Ha", now=NOW)
    elif end == "expired":
        events += run.pause("requested", now=NOW)
        events += run.expire(answer="Ha", now=NOW)
    else:
        events += run.fail(AWAY, answer="Ha", now=NOW)

    assert difference(run, events) is None


def test_a_message_is_put_together_anew() -> None:
    run = new_run(chat_graph(answer="Said: {{#llm.text#}}"))
    events = list(run.start(facts(run_id=run.run_id)))
    events += run.start_node(at("start"), now=NOW)
    events += run.succeed_node(at("start"), NodeOutcome(outputs={}), now=NOW)
    events += run.start_node(at("llm"), now=NOW)
    told = NodeOutcome(outputs={"text": "Hi."}, usage=Usage(prompt_tokens=3))
    events += run.succeed_node(at("llm"), told, now=NOW)
    events += run.start_node(at("answer"), now=NOW)
    events += run.succeed_node(at("answer"), NodeOutcome(outputs={"answer": "Hi."}), now=NOW)
    events += run.succeed(answer="Said: Hi.", now=NOW)
    assert difference(run, events) is None

    complete = events[-2]
    assert isinstance(complete, MessageComplete)
    events[-2] = replace(complete, answer="Said: Ho.")
    found = difference(run, events)

    assert found is not None
    assert found.seq == len(events) - 1


def test_a_failure_that_follows_from_a_nodes_is_computed() -> None:
    run = new_run(graph([node("a", ProbeConfig())]))
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    events += run.start_node(at("a"), now=NOW)
    events += run.fail_node(at("a"), AWAY, now=NOW)
    assert run.failure is not None
    events += run.fail(run.failure, answer="", now=NOW)
    assert difference(run, events) is None

    last = events[-1]
    assert isinstance(last, RunFailed)
    events[-1] = replace(last, error=LOST)
    assert difference(run, events) is not None


def linked_journal() -> tuple[WorkflowRun, list[RunEvent], Graph]:
    inner = graph([node("b", PureProbe(weight=2)), node("end", EndConfig())], edge("b", "end"))
    run = new_run(graph([node("a", ProbeConfig())]))
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    events += run.start_node(at("a"), now=NOW)
    started = SubWorkflowStarted(
        at=NOW,
        node_id=at("a").node_id,
        app_id=AppId(new_id()),
        app_version_id=AppVersionId(new_id()),
        graph_hash="inner",
        inputs={},
    )
    events += run.enter_workflow(at("a"), inner, started)
    for name, outputs in (("b", {"value": 2}), ("end", {"told": "all"})):
        events += run.start_node(at(name, "/a.0"), now=NOW)
        events += run.succeed_node(at(name, "/a.0"), NodeOutcome(outputs=dict(outputs)), now=NOW)
    events += run.succeed(answer="", now=NOW)
    return run, events, inner


def test_a_workflow_inside_is_replayed_with_its_graph() -> None:
    run, events, inner = linked_journal()

    def replay(**linked: Graph) -> Difference | None:
        return Replay(
            run_id=run.run_id,
            tenant_id=run.tenant_id,
            graph=run.graph,
            compute=compute_anything,
            linked=linked,
        ).first_difference(events)

    missing = replay()
    assert replay(inner=inner) is None
    assert missing is not None
    assert missing.seq == 3


def test_a_pure_node_that_would_fail_now_is_a_difference() -> None:
    run, events = chain_journal()

    def fails(run: WorkflowRun, address: object) -> NodeOutcome | RunError:
        del run, address
        return AWAY

    found = Replay(
        run_id=run.run_id, tenant_id=run.tenant_id, graph=run.graph, compute=fails
    ).first_difference(events)

    assert found is not None
    assert isinstance(found.computed, NodeFailed)


def test_a_message_that_was_completed_without_its_run_ending_is_a_difference() -> None:
    run = new_run(chat_graph())
    events = list(run.start(facts(run_id=run.run_id)))
    events += run.stop("requested", answer="", now=NOW)[:1]

    found = difference(run, events)

    assert found is not None
    assert (found.seq, found.recorded) == (len(events) + 1, None)


def test_a_journal_begins_with_its_beginning() -> None:
    run, events = chain_journal()

    found = difference(run, events[1:])

    assert found is not None
    assert found.seq == 1


def test_a_skip_that_nothing_led_to_is_a_difference() -> None:
    run, events = chain_journal()

    found = difference(run, [*events[:3], NodeSkipped(at=NOW, node_id=at("b").node_id)])

    assert found is not None
    assert (found.seq, found.computed) == (4, None)


def test_a_pure_node_that_fails_is_computed_too() -> None:
    run = new_run(graph([node("a", PureProbe(weight=2, fails_on=2))]))
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    events += run.start_node(at("a"), now=NOW)
    events += run.fail_node(at("a"), BROKEN, now=NOW)
    assert run.failure is not None
    events += run.fail(run.failure, answer="", now=NOW)

    assert difference(run, events) is None


def test_an_event_that_nothing_leads_to_is_a_difference() -> None:
    run, events = chain_journal()
    stray = NodeSkipped(at=NOW, node_id=at("end").node_id)

    found = difference(run, [events[0], stray])

    assert found is not None
    assert (found.seq, found.computed) == (2, None)


def test_a_linked_workflow_is_replayed_with_its_own_graph() -> None:
    inner = graph([node("inner", PureProbe(weight=3))])
    outer = graph([node("a", ProbeConfig())])
    run = new_run(outer)
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    events += run.start_node(at("a"), now=NOW)
    started = SubWorkflowStarted(
        at=NOW,
        node_id=at("a").node_id,
        app_id=AppId(new_id()),
        app_version_id=AppVersionId(new_id()),
        graph_hash="1" * 64,
        inputs={},
    )
    events += run.enter_workflow(at("a"), inner, started)
    events += run.start_node(at("inner", "/a.0"), now=NOW)
    events += run.succeed_node(at("inner", "/a.0"), NodeOutcome(outputs={"value": 3}), now=NOW)
    events += run.succeed(answer="", now=NOW)
    replay = Replay(
        run_id=run.run_id,
        tenant_id=run.tenant_id,
        graph=outer,
        compute=compute_anything,
        linked={"1" * 64: inner},
    )

    assert replay.first_difference(events) is None
