"""What follows when an attempt of a node has failed."""

from datetime import datetime
from typing import assert_never

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE
from dify_hex.domain.workflow.node_events import NodeFailed, NodeRetrying
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH, ErrorStrategy, NodePolicy
from dify_hex.domain.workflow.node_run import NodeRun, RunError


def after_failure(
    address: NodeAddress,
    node: NodeRun,
    policy: NodePolicy,
    error: RunError,
    now: datetime,
    chance: float,
) -> NodeRetrying | NodeFailed:
    """Another attempt as long as there are any left, then whatever the error strategy says."""
    if node.failures < policy.retry.max_retries:
        return NodeRetrying(
            at=now,
            node_id=address.node_id,
            attempt=node.attempt,
            reason=error,
            frame=address.frame,
            wait_seconds=policy.retry.wait_before(node.failures + 1, chance=chance),
        )
    outputs, handle = _instead(policy, error)
    return NodeFailed(
        at=now,
        node_id=address.node_id,
        attempt=node.attempt,
        error=error,
        frame=address.frame,
        handled=policy.on_error is not ErrorStrategy.FAIL,
        outputs=outputs,
        handle=handle,
    )


def _instead(policy: NodePolicy, error: RunError) -> tuple[JsonObject, str]:
    """What a node that failed puts out, and by which handle the run leaves it."""
    told: JsonObject = {"error_type": error.code, "error_message": error.message}
    match policy.on_error:
        case ErrorStrategy.FAIL:
            return {}, DEFAULT_HANDLE
        case ErrorStrategy.DEFAULT_VALUE:
            return {**policy.default_outputs, **told}, DEFAULT_HANDLE
        case ErrorStrategy.FAIL_BRANCH:
            return told, FAIL_BRANCH
        case _:
            assert_never(policy.on_error)
