"""A node type for property tests: what it puts out follows from its settings and what it sees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE, NodeConfig
from dify_hex.domain.workflow.node_run import Assignment, NodeOutcome, RunError
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType

BROKEN = RunError(code="probe_broken", message="It broke.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeConfig(NodeConfig):
    """Adds up what it reads; leaves by one of `exits`, fails where its sum says so."""

    type: ClassVar[str] = "probe"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    weight: int = 1
    reads: tuple[Selector, ...] = ()
    exits: tuple[str, ...] = (DEFAULT_HANDLE,)
    #: It fails when its sum can be divided by this; never for 0.
    fails_on: int = 0
    #: A loop's variable that it raises by its sum.
    raises: Selector | None = None

    def outputs(self) -> Mapping[str, ValueType]:
        return {"value": ValueType.INTEGER}

    def references(self) -> Iterable[Reference]:
        return [Reference(selector, "reads", optional=True) for selector in self.reads]

    def handles(self) -> tuple[str, ...]:
        return self.exits

    def react(self, pool: VariablePool) -> NodeOutcome | RunError:
        """What an attempt comes to."""
        total = self.weight + sum(_number(pool, selector) for selector in self.reads)
        if self.fails_on and total % self.fails_on == 0:
            return BROKEN
        assigned: tuple[Assignment, ...] = ()
        if self.raises is not None:
            assigned = (Assignment(self.raises, _number(pool, self.raises) + total),)
        handle = self.exits[total % len(self.exits)]
        return NodeOutcome(outputs={"value": total}, handle=handle, assigned=assigned)


def _number(pool: VariablePool, selector: Selector) -> int:
    try:
        value = pool.get(selector)
    except VariableMissing:
        return 7
    return value if isinstance(value, int) else 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PureProbe(ProbeConfig):
    """A probe whose outcome may be computed again."""

    pure: ClassVar[bool] = True

    @classmethod
    def like(cls, probe: ProbeConfig) -> "PureProbe":
        """The same, but pure."""
        return cls(**{each.name: getattr(probe, each.name) for each in fields(probe)})
