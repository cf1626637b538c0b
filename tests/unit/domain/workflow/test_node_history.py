"""What became of each node, and how two runs differ."""

from dataclasses import replace
from datetime import timedelta

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import FormId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_history import compare_runs, node_records
from dify_hex.domain.workflow.node_policy import NodePolicy, RetryPolicy
from dify_hex.domain.workflow.node_run import NodeOutcome, Printed, RequestedInput, RunError
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.statuses import NodeStatus
from tests.builders.workflow import NOW, at, edge, facts, graph, new_run, node
from tests.reference.probe import ProbeConfig

AWAY = RunError(code="model_unavailable", message="The model is away.")
FORK = graph(
    [
        replace(node("a", ProbeConfig()), policy=NodePolicy(retry=RetryPolicy(max_retries=1))),
        node("b", ProbeConfig()),
        node("c", ProbeConfig()),
    ],
    edge("a", "b", "yes"),
    edge("a", "c", "no"),
)


def journal(handle: str = "yes", *, end: str = "") -> list[RunEvent]:
    run = new_run(FORK)
    events = list(run.start(facts(run_id=run.run_id, message=False)))
    events += run.start_node(at("a"), now=NOW)
    events += run.fail_node(at("a"), AWAY, now=NOW)
    events += run.start_node(at("a"), now=NOW + timedelta(seconds=1))
    outcome = NodeOutcome(
        outputs={"value": 1},
        handle=handle,
        usage=Usage(prompt_tokens=2),
        printed=Printed("seen"),
    )
    events += run.succeed_node(at("a"), outcome, now=NOW + timedelta(seconds=3))
    other = at("b" if handle == "yes" else "c")
    events += run.start_node(other, now=NOW)
    if end == "failed":
        events += run.fail_node(other, AWAY, now=NOW)
    elif end == "asking":
        form = RequestedInput(form_id=FormId(new_id()), content="Well?")
        events += run.request_input(other, form, now=NOW)
    elif end == "stopped":
        events += run.stop("requested", answer="", now=NOW)
    return events


def test_attempts_times_usage_and_what_was_printed_are_told() -> None:
    record = node_records(journal())[0]

    assert (record.address, record.status, record.attempts) == (at("a"), NodeStatus.SUCCEEDED, 2)
    assert record.elapsed_seconds == 3.0
    assert record.usage == Usage(prompt_tokens=2)
    assert record.printed == Printed("seen")
    assert record.error is None


def test_nodes_come_in_the_order_in_which_they_were_reached() -> None:
    records = node_records(journal())

    assert [(each.address.node_id, each.status.value) for each in records] == [
        ("a", "succeeded"),
        ("c", "skipped"),
        ("b", "running"),
    ]
    assert records[2].elapsed_seconds is None


def test_a_failure_a_form_and_a_stop_are_told() -> None:
    failed, asking, stopped = (
        node_records(journal(end=end))[-1] for end in ("failed", "asking", "stopped")
    )

    assert (failed.status, failed.error, failed.handle) == (NodeStatus.FAILED, AWAY, None)
    assert asking.status is NodeStatus.PAUSED
    assert stopped.status is NodeStatus.STOPPED


def test_a_node_that_waits_for_another_attempt_is_pending() -> None:
    record = node_records(journal()[:3])[0]

    assert (record.status, record.error) == (NodeStatus.PENDING, AWAY)


def test_equal_runs_have_no_difference() -> None:
    compared = compare_runs(node_records(journal()), node_records(journal()))

    assert all(each.is_same for each in compared)


def test_runs_are_compared_node_by_node() -> None:
    short = node_records(journal()[:5])
    compared = compare_runs(node_records(journal("yes")), node_records(journal("no")))

    assert [(each.address.node_id, each.is_same) for each in compared] == [
        ("a", False),
        ("c", False),
        ("b", False),
    ]
    assert compare_runs(short, node_records(journal()))[-1].this is None


def test_an_elapsed_time_needs_a_beginning_and_an_end() -> None:
    skipped = node_records(journal())[1]

    assert skipped.elapsed_seconds is None
    assert not compare_runs((skipped,), ())[0].is_same
