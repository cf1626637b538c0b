"""Faults of retries, timeouts and error strategies."""

import pytest

from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_policy import (
    ErrorStrategy,
    NodePolicy,
    RetryPolicy,
)
from tests.builders.graphs import (
    FaultyGraph,
    assert_faulty,
    policy,
    with_policy,
)


def retrying(retry: RetryPolicy) -> Graph:
    return with_policy(NodePolicy(retry=retry))


FAULTY: list[FaultyGraph] = [
    (
        "fail_branch_missing",
        "risky",
        "policy.on_error",
        with_policy(policy(ErrorStrategy.FAIL_BRANCH)),
    ),
    (
        "policy_out_of_range",
        "risky",
        "policy.retry.max_retries",
        retrying(RetryPolicy(max_retries=21)),
    ),
    (
        "policy_out_of_range",
        "risky",
        "policy.retry.max_retries",
        retrying(RetryPolicy(max_retries=-1)),
    ),
    (
        "policy_out_of_range",
        "risky",
        "policy.retry.interval_seconds",
        retrying(RetryPolicy(interval_seconds=3601)),
    ),
    ("policy_out_of_range", "risky", "policy.retry.backoff", retrying(RetryPolicy(backoff=0.5))),
    (
        "policy_out_of_range",
        "risky",
        "policy.retry.max_interval_seconds",
        retrying(RetryPolicy(max_interval_seconds=-1)),
    ),
    (
        "policy_out_of_range",
        "risky",
        "policy.retry.jitter",
        retrying(RetryPolicy(jitter=float("nan"))),
    ),
    (
        "policy_out_of_range",
        "risky",
        "policy.timeout_seconds",
        with_policy(NodePolicy(timeout_seconds=0)),
    ),
    (
        "policy_out_of_range",
        "risky",
        "policy.timeout_seconds",
        with_policy(NodePolicy(timeout_seconds=90_000)),
    ),
    (
        "default_value_missing",
        "risky",
        "policy.default_outputs.text",
        with_policy(policy(ErrorStrategy.DEFAULT_VALUE)),
    ),
    (
        "default_value_wrong_type",
        "risky",
        "policy.default_outputs.text",
        with_policy(policy(ErrorStrategy.DEFAULT_VALUE, text=5)),
    ),
    (
        "default_value_unknown",
        "risky",
        "policy.default_outputs.txet",
        with_policy(policy(ErrorStrategy.DEFAULT_VALUE, text="-", txet="-")),
    ),
]


@pytest.mark.parametrize(("code", "node_id", "field", "faulty"), FAULTY)
def test_each_fault_is_found_where_it_is(
    code: str, node_id: str | None, field: str | None, faulty: Graph
) -> None:
    assert_faulty(faulty, code, node_id, field)
