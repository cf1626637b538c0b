"""The start node: where a run's inputs enter the graph."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.node_config import NodeConfig, Reference
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class StartConfig(NodeConfig):
    """The names of the inputs that later nodes may refer to; their types are checked before."""

    type: ClassVar[str] = "start"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    variables: tuple[str, ...] = ()

    def outputs(self) -> Mapping[str, ValueType]:
        """The inputs, by name."""
        return dict.fromkeys(self.variables, ValueType.ANY)

    def references(self) -> Iterable[Reference]:
        """None: a start depends on nothing."""
        return ()
