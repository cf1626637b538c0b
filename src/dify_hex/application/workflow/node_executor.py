"""What executes a node: a pure function of the run, or a generator of deltas and an outcome."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from dify_hex.application.shared.clock import Clock
from dify_hex.domain.shared.ids import AppId, AppVersionId, NodeId, TenantId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import NodeOutcome, RequestedInput
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.variables.pool import VariablePool

ConfigT_contra = TypeVar("ConfigT_contra", bound=NodeConfig, contravariant=True)


class NodeContext(NamedTuple):
    """What an executor may know of the run it works in."""

    tenant_id: TenantId
    node_id: NodeId
    #: Counted from 1, over repetitions after failures and after deaths of the run's owner.
    attempt: int
    #: The same for every repetition of one effect, so that its receiver can tell it is one.
    effect_key: str
    facts: RunStarted
    #: The inputs of the graph that the node is part of: the run's, or a linked workflow's.
    inputs: JsonObject
    variables: VariablePool
    clock: Clock
    #: Where in the run the node is: empty outside of containers.
    frame: str = ""
    #: The workflows that are open around the node, the run's own first.
    links: Sequence[AppId] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the node's `text` output, as soon as it is there."""

    text: str


@dataclass(frozen=True, slots=True)
class ShownPassages:
    """Passages of Knowledge that the node is about to show its model."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedGraph:
    """A published workflow that the node runs in its place, looked up once."""

    app_id: AppId
    app_version_id: AppVersionId
    graph_hash: str
    graph: Graph
    inputs: JsonObject
    secrets: JsonObject = field(default_factory=dict, repr=False)


#: Passages and deltas come first; then one of the others, once: what came of the node, the form
#: that it waits for, or the graph that it runs.
NodeOutput = TextDelta | ShownPassages | NodeOutcome | RequestedInput | LinkedGraph


class PureNode(Protocol[ConfigT_contra]):
    """Computes what one pure node type puts out, from the run's values alone."""

    @abstractmethod
    def compute(self, config: ConfigT_contra, context: NodeContext) -> NodeOutcome:
        """The outcome; never waits for anything. A DomainError fails the node."""


class NodeExecutor(Protocol[ConfigT_contra]):
    """Does what one node type with effects is for."""

    @abstractmethod
    def execute(
        self, config: ConfigT_contra, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield deltas, then exactly one outcome.

        Closing the iterator ends whatever it has begun outside. A DomainError fails the node.
        """


class NodeExecutors(Protocol):
    """All executors together: the engine knows no node, only this."""

    @abstractmethod
    def compute(self, config: NodeConfig, context: NodeContext) -> NodeOutcome:
        """The outcome of a pure node."""

    @abstractmethod
    def execute(self, config: NodeConfig, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        """The outputs of a node with effects."""
