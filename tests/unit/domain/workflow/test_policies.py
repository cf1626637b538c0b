"""What follows from a failed attempt: another one, or whatever the error strategy says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.domain.workflow.node_events import NodeFailed, NodeRetrying
from dify_hex.domain.workflow.node_policy import ErrorStrategy, NodePolicy, RetryPolicy
from dify_hex.domain.workflow.node_run import NodeRun, RunError
from dify_hex.domain.workflow.policies import after_failure
from dify_hex.domain.workflow.statuses import NodeStatus
from tests.builders.workflow import NOW, at, graph, llm, node, started_run

AWAY = RunError(code="model_unavailable", message="The model is away.")
TOLD = {"error_type": "model_unavailable", "error_message": "The model is away."}


def after(policy: NodePolicy, failures: int = 0) -> NodeRetrying | NodeFailed:
    attempt = NodeRun(status=NodeStatus.RUNNING, attempt=failures + 1, failures=failures)
    return after_failure(at("llm", "/each.0"), attempt, policy, AWAY, NOW, 0.5)


def test_an_attempt_that_may_be_repeated_is() -> None:
    policy = NodePolicy(retry=RetryPolicy(max_retries=2, backoff=2.0, jitter=0.5))

    event = after(policy, failures=1)

    assert isinstance(event, NodeRetrying)
    assert (event.attempt, event.frame, event.reason) == (2, "/each.0", AWAY)
    assert event.wait_seconds == 1.5
    assert not event.interrupted


def test_after_the_last_one_the_node_has_failed() -> None:
    event = after(NodePolicy(retry=RetryPolicy(max_retries=2)), failures=2)

    assert isinstance(event, NodeFailed)
    assert (event.attempt, event.error, event.handled) == (3, AWAY, False)
    assert event.outputs == {}


@pytest.mark.parametrize(
    ("strategy", "outputs", "handle"),
    [
        (ErrorStrategy.DEFAULT_VALUE, {"text": "Sorry.", **TOLD}, "source"),
        (ErrorStrategy.FAIL_BRANCH, TOLD, "fail-branch"),
    ],
)
def test_a_strategy_says_what_the_node_puts_out_instead(
    strategy: ErrorStrategy, outputs: dict[str, str], handle: str
) -> None:
    event = after(NodePolicy(on_error=strategy, default_outputs={"text": "Sorry."}))

    assert isinstance(event, NodeFailed)
    assert (event.handled, event.outputs, event.handle) == (True, outputs, handle)


def test_an_interruption_is_not_a_failure() -> None:
    once_more = NodePolicy(retry=RetryPolicy(max_retries=1))
    run = started_run(graph([replace(node("a", llm()), policy=once_more)]))
    for _ in range(3):
        run.start_node(at("a"), now=NOW)
        run.interrupt_node(at("a"), AWAY, now=NOW)
    run.start_node(at("a"), now=NOW)

    (event,) = run.fail_node(at("a"), AWAY, now=NOW)

    assert isinstance(event, NodeRetrying)
    waiting = run.node_run(at("a"))
    assert waiting is not None
    assert (waiting.attempt, waiting.failures) == (4, 1)
    assert waiting.not_before == NOW + timedelta(seconds=1)
