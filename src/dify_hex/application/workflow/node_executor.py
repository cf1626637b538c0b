"""What every node executor is: an async generator of deltas that ends with an outcome."""

from abc import abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from dify_hex.application.shared.clock import Clock
from dify_hex.domain.shared.ids import NodeId, TenantId
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.node_types import NodeConfig
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.variables.pool import VariablePool

ConfigT_contra = TypeVar("ConfigT_contra", bound=NodeConfig, contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeContext:
    """What an executor may know of the run it works in."""

    tenant_id: TenantId
    node_id: NodeId
    #: The same for every repetition of one effect, so that its receiver can tell it is one.
    effect_key: str
    facts: RunStarted
    variables: VariablePool
    clock: Clock


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the node's `text` output, as soon as it is there."""

    text: str


NodeOutput = TextDelta | NodeOutcome


class NodeExecutor(Protocol[ConfigT_contra]):
    """Does what one node type is for."""

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
    def execute(self, config: NodeConfig, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        """The outputs of a node, from the executor of its type."""
