"""The start node: where a run's inputs enter the graph."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.variables.selector import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class StartConfig:
    """The names of the inputs that later nodes may refer to; their types are checked before."""

    type: ClassVar[str] = "start"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    variables: tuple[str, ...] = ()

    def outputs(self) -> frozenset[str]:
        """The names that other nodes can select."""
        return frozenset(self.variables)

    def selectors(self) -> tuple[Selector, ...]:
        """The values this node needs."""
        return ()
