"""Random graphs of probes, iterations and loops, three levels deep."""

from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import Condition
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH, ErrorStrategy, NodePolicy
from dify_hex.domain.workflow.nodes.iteration import ItemErrors, IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig, LoopVariable
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.reference.probe import ProbeConfig

T = TypeVar("T")

#: A list that iterations go through; tests put it into the pool under this name.
ITEMS = Selector(NodeId("input"), "items")
MAX_DEPTH = 2


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A graph whose every scope is a random DAG."""
    maker = _Maker(draw)
    maker.scope(None, 0, [])
    return Graph(nodes=tuple(maker.nodes), edges=tuple(maker.edges))


_EXITS: list[tuple[str, ...]] = [(DEFAULT_HANDLE,), (DEFAULT_HANDLE,), ("yes", "no")]


class _Maker:
    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self._count = 0

    def scope(self, parent: NodeId | None, depth: int, seen: list[Selector]) -> list[NodeId]:
        """Fill a scope; `seen` are values from outside that its nodes may read."""
        members: list[Node] = []
        in_loop = any(each.id == parent and each.config.type == "loop" for each in self.nodes)
        for _ in range(self._number(1, 5)):
            # What a loop's nodes assign depends on their order, so they have only one.
            before = members[-1:] if in_loop else [each for each in members if self._flag()]
            values = [*seen, *(_value_of(each) for each in before)]
            if in_loop and parent is not None:
                values.append(Selector(parent, "total"))
            member = self._node(parent if in_loop else None, parent, depth, values)
            for each in before:
                self._connect(each, member)
            members.append(member)
        return [each.id for each in members]

    def _connect(self, source: Node, target: Node) -> None:
        handles = list(source.config.handles())
        if source.policy.on_error is ErrorStrategy.FAIL_BRANCH:
            handles.append(FAIL_BRANCH)
        self.edges.append(Edge(source=source.id, target=target.id, handle=self._one_of(handles)))

    def _node(
        self, loop: NodeId | None, parent: NodeId | None, depth: int, seen: list[Selector]
    ) -> Node:
        self._count += 1
        node_id = NodeId(f"n{self._count}")
        kind = self._number(0, 5) if depth < MAX_DEPTH else 2
        if kind == 0:
            return self._iteration(node_id, parent, depth, seen)
        if kind == 1:
            return self._loop(node_id, parent, depth, seen)
        if loop is not None and self._number(0, 5) == 0:
            return self._added(Node(id=node_id, config=LoopEndConfig(), parent=parent))
        config = ProbeConfig(
            weight=self._number(0, 9),
            reads=tuple(each for each in seen if self._flag()),
            exits=self._one_of(_EXITS),
            fails_on=self._one_of([0, 0, 0, 4, 2]),
            raises=Selector(loop, "total") if loop is not None and self._flag() else None,
        )
        return self._added(Node(id=node_id, config=config, parent=parent, policy=self._policy()))

    def _iteration(
        self, node_id: NodeId, parent: NodeId | None, depth: int, seen: list[Selector]
    ) -> Node:
        config = IterationConfig(
            iterator_selector=ITEMS,
            output_selector=Selector(node_id, "index"),
            is_parallel=self._flag(),
            parallel_nums=self._number(1, 3),
            error_handle_mode=self._one_of(list(ItemErrors)),
            flatten_output=False,
        )
        node = Node(id=node_id, config=config, parent=parent, policy=self._policy())
        place = len(self.nodes)
        self._added(node)
        members = self.scope(node_id, depth + 1, [*seen, Selector(node_id, "item")])
        collected = Selector(self._one_of(members), "value")
        node = replace(node, config=replace(config, output_selector=collected))
        self.nodes[place] = node
        return node

    def _loop(
        self, node_id: NodeId, parent: NodeId | None, depth: int, seen: list[Selector]
    ) -> Node:
        enough = Condition(
            variable_selector=Selector(node_id, "total"),
            comparison_operator=ComparisonOperator.AT_LEAST,
            value=str(self._number(5, 60)),
        )
        config = LoopConfig(
            loop_count=self._number(1, 4),
            loop_variables=(LoopVariable(label="total", var_type=ValueType.NUMBER, value=0),),
            break_conditions=(enough,) if self._flag() else (),
        )
        node = self._added(Node(id=node_id, config=config, parent=parent, policy=self._policy()))
        self.scope(node_id, depth + 1, seen)
        return node

    def _added(self, node: Node) -> Node:
        self.nodes.append(node)
        return node

    def _policy(self) -> NodePolicy:
        strategy = self._one_of(list(ErrorStrategy))
        return NodePolicy(on_error=strategy, default_outputs={"value": 1})

    def _number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def _flag(self) -> bool:
        return self._number(0, 1) == 1

    def _one_of(self, options: list[T]) -> T:
        return options[self._number(0, len(options) - 1)]


def _value_of(node: Node) -> Selector:
    names = {"iteration": "output", "loop": "total"}
    return Selector(node.id, names.get(node.config.type, "value"))
