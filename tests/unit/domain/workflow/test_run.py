"""A run is the fold of its events: what its verbs decide, and what they refuse."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import FormId, NodeId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import RunTransitionRefused
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_run import Assignment, NodeOutcome, RequestedInput, RunError
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.statuses import NodeStatus, RunStatus
from dify_hex.domain.workflow.variables.selector import CONVERSATION, Selector
from tests.builders.workflow import NOW, at, edge, facts, graph, new_run, node, started_run

START, LLM, ANSWER = at("start"), at("llm"), at("answer")
BROKEN = RunError(code="model_unavailable", message="The model is away.")

BRANCHING = graph(
    [node(name, AnswerConfig(answer="")) for name in "abcd"],
    edge("a", "b", "yes"),
    edge("a", "c", "no"),
    edge("c", "d"),
)


def types(events: tuple[RunEvent, ...]) -> list[str]:
    return [event.type for event in events]


def perform(run: WorkflowRun, address: NodeAddress, outcome: NodeOutcome | None = None) -> None:
    run.start_node(address, now=NOW)
    run.succeed_node(address, outcome or NodeOutcome(outputs={}), now=NOW)


def finished_nodes(*, message: bool = True) -> WorkflowRun:
    run = started_run(message=message)
    perform(run, START)
    perform(run, LLM, NodeOutcome(outputs={"text": "Hi."}, usage=Usage(prompt_tokens=3)))
    perform(run, ANSWER, NodeOutcome(outputs={"answer": "Hi."}))
    return run


class TestBeginning:
    def test_a_run_that_answers_a_message_says_so_at_once(self) -> None:
        run = new_run()

        assert types(run.start(facts(run_id=run.run_id))) == ["run.started", "message.started"]
        assert run.status is RunStatus.RUNNING
        assert run.seq == 2

    def test_a_message_may_stand_outside_any_conversation(self) -> None:
        run = new_run()
        alone = replace(facts(run_id=run.run_id), conversation_id=None)

        assert types(run.start(alone)) == ["run.started", "message.started"]
        assert types(run.stop("requested", answer="", now=NOW))[0] == "message.complete"

    def test_a_run_without_a_message_only_starts(self) -> None:
        run = new_run()

        assert types(run.start(facts(run_id=run.run_id, message=False))) == ["run.started"]

    def test_a_run_begins_once(self) -> None:
        run = started_run()

        with pytest.raises(RunTransitionRefused):
            run.start(facts(run_id=run.run_id))

    def test_nothing_is_ready_before_it_has_begun(self) -> None:
        run = new_run()

        assert run.ready() == ()
        with pytest.raises(RunTransitionRefused):
            _ = run.facts

    def test_the_system_variables_come_from_what_it_began_with(self) -> None:
        run = started_run()

        assert run.variables.of(NodeId("sys"))["query"] == "Hello?"
        assert run.variables.of(NodeId("sys"))["user_id"] == "ada"
        assert "conversation_id" not in started_run(message=False).variables.of(NodeId("sys"))


class TestNodes:
    def test_nodes_become_ready_one_after_the_other(self) -> None:
        run = started_run()

        assert run.ready() == (START,)
        perform(run, START)
        assert run.ready() == (LLM,)

    def test_a_node_that_is_not_ready_cannot_start(self) -> None:
        with pytest.raises(RunTransitionRefused):
            started_run().start_node(LLM, now=NOW)

    def test_a_node_starts_once(self) -> None:
        run = started_run()
        run.start_node(START, now=NOW)

        assert run.open_nodes() == (START,)
        with pytest.raises(RunTransitionRefused):
            run.start_node(START, now=NOW)

    @pytest.mark.parametrize(
        "verb",
        [
            lambda run: run.succeed_node(START, NodeOutcome(outputs={}), now=NOW),
            lambda run: run.fail_node(START, BROKEN, now=NOW),
            lambda run: run.interrupt_node(START, BROKEN, now=NOW),
        ],
    )
    def test_only_an_open_node_can_end(self, verb: Callable[[WorkflowRun], object]) -> None:
        run = started_run()

        with pytest.raises(RunTransitionRefused):
            verb(run)

    def test_outputs_and_usage_are_kept(self) -> None:
        run = finished_nodes()

        assert run.variables.of(LLM.node_id) == {"text": "Hi."}
        assert run.usage == Usage(prompt_tokens=3)
        assert run.steps == 3
        assert run.nodes[LLM.node_id].status is NodeStatus.SUCCEEDED

    def test_what_a_branch_leaves_behind_is_skipped_to_the_end(self) -> None:
        run = started_run(BRANCHING)
        run.start_node(at("a"), now=NOW)

        events = run.succeed_node(at("a"), NodeOutcome(outputs={}, handle="yes"), now=NOW)

        assert types(events) == ["node.succeeded", "node.skipped", "node.skipped"]
        assert run.ready() == (at("b"),)

    def test_an_interrupted_node_repeats_its_effect_under_the_same_key(self) -> None:
        run = started_run()
        run.start_node(START, now=NOW)
        key = run.nodes[START.node_id].effect_key

        run.interrupt_node(START, BROKEN, now=NOW)

        assert run.ready() == (START,)
        run.start_node(START, now=NOW)
        assert run.nodes[START.node_id].effect_key == key
        assert run.nodes[START.node_id].attempt == 2

    def test_a_failed_node_keeps_its_error(self) -> None:
        run = started_run()
        run.start_node(START, now=NOW)
        run.fail_node(START, BROKEN, now=NOW)

        assert run.nodes[START.node_id].error == BROKEN


class TestWaiting:
    FORM = RequestedInput(form_id=FormId(new_id()), content="Well?")

    def asking(self) -> WorkflowRun:
        run = started_run()
        run.start_node(START, now=NOW)
        run.request_input(START, self.FORM, now=NOW)
        return run

    def test_a_node_that_waits_for_somebody_is_not_under_way(self) -> None:
        run = self.asking()

        assert run.waiting_nodes() == {START: self.FORM}
        assert (run.open_nodes(), run.is_open(START)) == ((), False)
        assert run.has_asked

    def test_the_run_is_idle_but_not_at_its_end(self) -> None:
        run = self.asking()

        assert (run.is_idle, run.is_exhausted) == (True, False)
        with pytest.raises(RunTransitionRefused):
            run.succeed(answer="", now=NOW)

    def test_an_answer_is_what_the_node_puts_out(self) -> None:
        run = self.asking()
        run.succeed_node(START, NodeOutcome(outputs={"words": "Yes."}), now=NOW)

        assert run.waiting_nodes() == {}
        assert run.has_asked
        assert run.ready() == (LLM,)

    def test_nobody_is_asked_twice_by_the_same_attempt(self) -> None:
        with pytest.raises(RunTransitionRefused):
            self.asking().request_input(START, self.FORM, now=NOW)

    def test_only_a_node_that_runs_can_be_interrupted(self) -> None:
        with pytest.raises(RunTransitionRefused):
            self.asking().interrupt_node(START, BROKEN, now=NOW)

    def test_a_form_that_cannot_be_used_fails_its_node(self) -> None:
        run = self.asking()
        run.fail_node(START, BROKEN, now=NOW)

        assert run.waiting_nodes() == {}
        assert run.failure is not None


class TestAssigning:
    def test_a_variable_of_the_conversation_is_set_and_remembered(self) -> None:
        run = new_run()
        run.start(replace(facts(run_id=run.run_id), conversation={"name": ""}))
        run.start_node(START, now=NOW)
        name = Selector(CONVERSATION, "name")
        run.succeed_node(
            START, NodeOutcome(outputs={}, assigned=(Assignment(name, "Ada"),)), now=NOW
        )

        assert run.variables.get(name) == "Ada"
        assert run.assigned == {"name": "Ada"}

    def test_setting_what_does_not_exist_fails_the_node(self) -> None:
        run = started_run()
        run.start_node(START, now=NOW)
        missing = Assignment(Selector(CONVERSATION, "name"), "Ada")
        events = run.succeed_node(START, NodeOutcome(outputs={}, assigned=(missing,)), now=NOW)

        assert types(events) == ["node.failed"]
        assert run.failure is not None
        assert run.failure.details["selector"] == "conversation.name"


class TestCatchingUp:
    def test_what_followed_by_itself_and_was_lost_is_recorded_again(self) -> None:
        run = started_run(BRANCHING)
        started = run.start_node(at("a"), now=NOW)
        (succeeded, *skipped) = run.succeed_node(
            at("a"), NodeOutcome(outputs={}, handle="yes"), now=NOW
        )
        other = started_run(BRANCHING)
        for event in (*started, succeeded):
            other.fold(event)

        assert list(other.catch_up(now=NOW)) == skipped
        assert other.catch_up(now=NOW) == ()

    def test_a_run_that_does_not_run_has_nothing_to_catch_up_with(self) -> None:
        assert new_run().catch_up(now=NOW) == ()


class TestEnding:
    def test_success_completes_the_message_before_the_run(self) -> None:
        run = finished_nodes()

        assert types(run.succeed(answer="Hi.", now=NOW)) == ["message.complete", "run.succeeded"]
        assert run.status is RunStatus.SUCCEEDED

    def test_a_run_without_a_message_just_succeeds(self) -> None:
        assert types(finished_nodes(message=False).succeed(answer="", now=NOW)) == ["run.succeeded"]

    def test_success_is_refused_while_something_can_still_run(self) -> None:
        with pytest.raises(RunTransitionRefused):
            started_run().succeed(answer="", now=NOW)

    def test_failing_and_stopping_complete_the_message_as_far_as_it_came(self) -> None:
        failed = started_run().fail(BROKEN, answer="Hal", now=NOW)
        stopped = started_run().stop("requested", answer="Hal", now=NOW)

        assert types(failed) == ["message.complete", "run.failed"]
        assert types(stopped) == ["message.complete", "run.stopped"]

    @pytest.mark.parametrize(
        "verb",
        [
            lambda run: run.succeed(answer="", now=NOW),
            lambda run: run.fail(BROKEN, answer="", now=NOW),
            lambda run: run.stop("late", answer="", now=NOW),
            lambda run: run.pause("late", now=NOW),
            lambda run: run.resume(now=NOW),
            lambda run: run.expire(answer="", now=NOW),
        ],
    )
    def test_a_finished_run_never_reopens(self, verb: Callable[[WorkflowRun], object]) -> None:
        run = finished_nodes()
        run.succeed(answer="Hi.", now=NOW)

        with pytest.raises(RunTransitionRefused):
            verb(run)
        assert run.status.is_final


class TestPausing:
    def test_a_run_pauses_only_when_nothing_in_it_runs(self) -> None:
        run = started_run()
        run.start_node(START, now=NOW)

        with pytest.raises(RunTransitionRefused):
            run.pause("requested", now=NOW)

    def test_a_paused_run_starts_nothing_and_goes_on_after_resuming(self) -> None:
        run = started_run()
        run.pause("requested", now=NOW)

        assert (run.status, run.ready()) == (RunStatus.PAUSED, ())
        run.resume(now=NOW)
        assert run.ready() == (START,)

    def test_a_paused_run_can_be_stopped_or_expire(self) -> None:
        stopped, expired = started_run(), started_run()
        stopped.pause("requested", now=NOW)
        expired.pause("requested", now=NOW)

        stopped.stop("requested", answer="", now=NOW)
        expired.expire(answer="", now=NOW)

        assert (stopped.status, expired.status) == (RunStatus.STOPPED, RunStatus.EXPIRED)


@given(st.data())
def test_replaying_the_events_gives_the_state_at_any_point(data: st.DataObject) -> None:
    run = new_run(BRANCHING)
    journal: list[RunEvent] = list(run.start(facts(run_id=run.run_id)))
    while not run.status.is_final:
        choices: list[Callable[[], tuple[RunEvent, ...]]] = [
            lambda: run.stop("requested", answer="", now=NOW)
        ]
        choices.extend(partial(run.start_node, node_id, now=NOW) for node_id in run.ready())
        for node_id in run.open_nodes():
            handle = data.draw(st.sampled_from(["yes", "no", "source"]))
            outcome = NodeOutcome(outputs={"answer": node_id}, handle=handle)
            choices.append(partial(run.succeed_node, node_id, outcome, now=NOW))
            choices.append(partial(run.interrupt_node, node_id, BROKEN, now=NOW))
        if run.is_exhausted:
            choices = [lambda: run.succeed(answer="", now=NOW)]
        journal.extend(data.draw(st.sampled_from(choices))())

        replayed = WorkflowRun.replay(
            run_id=run.run_id, tenant_id=run.tenant_id, graph=BRANCHING, events=journal
        )

        assert replayed.status is run.status
        assert replayed.seq == run.seq == len(journal)
        assert replayed.nodes == run.nodes
        assert replayed.ready() == run.ready()
        if len(journal) > 60:
            break
