"""The loop-end node: ends the loop that it stands in, at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopEndConfig(NodeConfig):
    """Nothing to set: whoever gets here leaves the loop."""

    type: ClassVar[str] = "loop-end"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    def outputs(self) -> Mapping[str, ValueType]:
        """Nothing."""
        return {}

    def references(self) -> Iterable[Reference]:
        """Nothing."""
        return ()
