"""What can be wrong with a node's retries, timeout and error strategy."""

from collections.abc import Iterator

from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.node_policy import (
    FAIL_BRANCH,
    MAX_INTERVAL_SECONDS,
    MAX_RETRIES,
    MAX_TIMEOUT_SECONDS,
    ErrorStrategy,
)
from dify_hex.domain.workflow.variables.value_check import is_of_type

MAX_BACKOFF = 10.0


def policy_faults(node: Node) -> Iterator[GraphFault]:
    """Everything about a policy that the node alone decides."""
    retry = node.policy.retry
    ranges = (
        ("retry.max_retries", retry.max_retries, 0, MAX_RETRIES),
        ("retry.interval_seconds", retry.interval_seconds, 0, MAX_INTERVAL_SECONDS),
        ("retry.backoff", retry.backoff, 1, MAX_BACKOFF),
        ("retry.max_interval_seconds", retry.max_interval_seconds, 0, MAX_INTERVAL_SECONDS),
        ("retry.jitter", retry.jitter, 0, 1),
    )
    for field, value, least, most in ranges:
        if not least <= value <= most:
            yield _fault(node, "policy_out_of_range", field, f"Use from {least} to {most:g}.")
    timeout = node.policy.timeout_seconds
    if timeout is not None and not 0 < timeout <= MAX_TIMEOUT_SECONDS:
        yield _fault(
            node,
            "policy_out_of_range",
            "timeout_seconds",
            f"Use more than 0 and at most {MAX_TIMEOUT_SECONDS:g} seconds.",
        )
    if node.policy.on_error is ErrorStrategy.DEFAULT_VALUE:
        yield from _default_faults(node)


def fail_branch_faults(graph: Graph) -> Iterator[GraphFault]:
    """Failures that are to be led away, and lead nowhere."""
    for node in graph.nodes:
        if node.policy.on_error is ErrorStrategy.FAIL_BRANCH and not any(
            edge.handle == FAIL_BRANCH for edge in graph.outgoing(node.id)
        ):
            yield _fault(
                node,
                "fail_branch_missing",
                "on_error",
                f"No edge leaves {node.id} by {FAIL_BRANCH}; connect one, or choose another "
                "strategy.",
            )


def _default_faults(node: Node) -> Iterator[GraphFault]:
    outputs, defaults = node.config.outputs(), node.policy.default_outputs
    for name, kind in outputs.items():
        field = f"default_outputs.{name}"
        if name not in defaults:
            yield _fault(
                node,
                "default_value_missing",
                field,
                f"Say what {name} is when {node.id} has failed.",
            )
        elif not is_of_type(defaults[name], kind):
            yield _fault(
                node,
                "default_value_wrong_type",
                field,
                f"{name} is of the type {kind}; give it a value of that type.",
            )
    if not node.config.open_outputs:
        for name in defaults.keys() - outputs.keys():
            yield _fault(
                node,
                "default_value_unknown",
                f"default_outputs.{name}",
                f"{node.id} puts out nothing called {name}; remove it or correct its name.",
            )


def _fault(node: Node, code: str, field: str, message: str) -> GraphFault:
    return GraphFault(code=code, node_id=node.id, field=f"policy.{field}", message=message)
