"""One execution of a scope: which of its nodes may begin, and which never will."""

from collections.abc import Sequence
from typing import NamedTuple

from dify_hex.domain.shared.ids import AppId, NodeId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_run import NodeRun
from dify_hex.domain.workflow.variables.pool import VariablePool

#: The frame of what runs in no container.
ROOT = ""


class NodeAddress(NamedTuple):
    """A node of a run: the frame it runs in, and its id in the graph."""

    frame: str
    node_id: NodeId

    def __str__(self) -> str:
        return f"{self.frame}/{self.node_id}" if self.frame else self.node_id

    def inner_frame(self, index: int) -> str:
        """The frame of one round of this container."""
        return f"{self.frame}/{self.node_id}.{index}"


class Decided(NamedTuple):
    """The nodes whose fate a decision has settled: they may begin, or never will."""

    ready: list[NodeId]
    skippable: list[NodeId]


class Frame:
    """Counts, for each node, the edges that are still undecided; so each decision costs its edges.

    `live` counts the nodes that are ready, skippable or under way: a frame without any is done.
    """

    __slots__ = (
        "_reached",
        "_undecided",
        "container",
        "graph",
        "id",
        "index",
        "inputs",
        "links",
        "live",
        "nodes",
        "outermost",
        "roots",
        "variables",
    )

    def __init__(
        self,
        *,
        id: str,
        graph: Graph,
        scope: NodeId | None,
        variables: VariablePool,
        container: NodeAddress | None = None,
        index: int = 0,
        outermost: NodeId | None = None,
        links: Sequence[AppId] = (),
    ) -> None:
        self.id = id
        self.graph = graph
        self.container = container
        self.index = index
        self.variables = variables
        #: The container outside of all others that this frame is a round of.
        self.outermost = outermost
        #: The workflows that are open around its nodes, the run's own first.
        self.links = links
        #: What the start node of this frame hands on.
        self.inputs: JsonObject = {}
        self.nodes: dict[NodeId, NodeRun] = {}
        shape = graph.scope(scope)
        self.roots = shape.roots
        self.live = len(shape.roots)
        self._undecided = dict(shape.waiting)
        self._reached: set[NodeId] = set()

    def settle(self, node_id: NodeId, handle: str | None) -> Decided:
        """Follow the edges of a node that was left by `handle`; None when it was skipped."""
        self.live -= 1
        decided = Decided([], [])
        for edge in self.graph.outgoing(node_id):
            target = edge.target
            if edge.handle == handle:
                self._reached.add(target)
            self._undecided[target] -= 1
            if self._undecided[target] == 0:
                self.live += 1
                reached = target in self._reached
                (decided.ready if reached else decided.skippable).append(target)
        return decided
