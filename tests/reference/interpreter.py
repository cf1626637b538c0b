"""The meaning of a graph, written for clarity: one node after the other, nothing incremental."""

from dataclasses import dataclass, field
from typing import cast

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.graph.traversal import topological_order
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH, ErrorStrategy
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.iteration import ItemErrors, IterationConfig
from dify_hex.domain.workflow.nodes.loop import ROUNDS, LoopConfig
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.variables.pool import VariablePool
from tests.reference.probe import ProbeConfig


class Failed(Exception):
    """A node failed and nothing provides for it."""


class Broken(Exception):
    """A loop-end was reached."""


@dataclass
class Told:
    """What became of the nodes of one scope: outputs by node, None for those skipped."""

    outputs: dict[NodeId, dict[str, JsonValue] | None] = field(default_factory=dict)
    left_by: dict[NodeId, str | None] = field(default_factory=dict)


class Interpreter:
    """Executes graphs of probes, iterations and loops."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._order = topological_order(graph)
        self.handled = 0

    def run(self, scope: NodeId | None, pool: VariablePool) -> Told:
        """Everything in a scope; raises Failed when it cannot come to its end."""
        told = Told()
        for node_id in self._order:
            node = self._graph.node(node_id)
            if node.parent != scope:
                continue
            incoming = self._graph.incoming(node_id)
            if incoming and not any(told.left_by[edge.source] == edge.handle for edge in incoming):
                told.outputs[node_id] = None
                told.left_by[node_id] = None
                continue
            outcome = self._settled(node, pool)
            told.outputs[node_id] = dict(outcome.outputs)
            told.left_by[node_id] = outcome.handle
            pool.put(node_id, outcome.outputs)
            if isinstance(node.config, LoopEndConfig):
                raise Broken
        return told

    def _settled(self, node: Node, pool: VariablePool) -> NodeOutcome:
        result = self._result(node, pool)
        if isinstance(result, NodeOutcome):
            for assignment in result.assigned:
                pool.assign(assignment.selector, assignment.value)
            return result
        if node.policy.on_error is ErrorStrategy.FAIL:
            raise Failed
        self.handled += 1
        outputs: dict[str, JsonValue] = {
            "error_type": result.code,
            "error_message": result.message,
        }
        if node.policy.on_error is ErrorStrategy.FAIL_BRANCH:
            return NodeOutcome(outputs=outputs, handle=FAIL_BRANCH)
        return NodeOutcome(outputs={**node.policy.default_outputs, **outputs})

    def _result(self, node: Node, pool: VariablePool) -> NodeOutcome | RunError:
        config = node.config
        if isinstance(config, IterationConfig):
            return self._iterate(node, config, pool)
        if isinstance(config, LoopConfig):
            return self._loop(node, config, pool)
        if isinstance(config, LoopEndConfig):
            return NodeOutcome(outputs={})
        return cast("ProbeConfig", config).react(pool)

    def _iterate(
        self, node: Node, config: IterationConfig, pool: VariablePool
    ) -> NodeOutcome | RunError:
        items = cast("list[JsonValue]", pool.get(config.iterator_selector))
        results: list[JsonValue] = []
        for index, item in enumerate(items):
            inner = pool.inner()
            inner.put(node.id, {"item": item, "index": index})
            try:
                self.run(node.id, inner)
            except Failed:
                if config.error_handle_mode is ItemErrors.TERMINATED:
                    return RunError(code="probe_broken", message="It broke.")
                self.handled += 1
                if config.error_handle_mode is ItemErrors.CONTINUE:
                    results.append(None)
                continue
            try:
                results.append(inner.get(config.output_selector))
            except VariableMissing:
                results.append(None)
        return NodeOutcome(outputs={"output": results})

    def _loop(self, node: Node, config: LoopConfig, pool: VariablePool) -> NodeOutcome | RunError:
        own = pool.inner()
        own.put(node.id, {each.label: each.value for each in config.loop_variables})
        conditions = config.ends_when
        rounds = 0
        while rounds < config.loop_count and not (conditions and conditions.holds(own)):
            rounds += 1
            try:
                self.run(node.id, own.inner())
            except Broken:
                break
            except Failed:
                return RunError(code="probe_broken", message="It broke.")
        return NodeOutcome(outputs={**own.of(node.id), ROUNDS: rounds})
