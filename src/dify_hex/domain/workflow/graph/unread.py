"""What stands in a graph for a node whose configuration could not be read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.graph.graph import Node
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadConfig(NodeConfig):
    """Lets the rest of the graph be checked; such a graph is never run.

    `type_name` is the type that the node claims to be of.
    """

    type: ClassVar[str] = "unread"
    schema_version: ClassVar[int] = 0
    pure: ClassVar[bool] = True
    opens_scope: ClassVar[bool] = True
    open_outputs: ClassVar[bool] = True

    type_name: str

    def outputs(self) -> Mapping[str, ValueType]:
        """Nobody knows."""
        return {}

    def references(self) -> Iterable[Reference]:
        """Nobody knows."""
        return ()


def is_read(node: Node) -> bool:
    """Whether the node's configuration is known."""
    return not isinstance(node.config, UnreadConfig)


def type_of(node: Node) -> str:
    """The type that a node is of, or claims to be of."""
    config = node.config
    return config.type_name if isinstance(config, UnreadConfig) else config.type
