"""The if-else node: which way the run goes on, by conditions on its values."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.conditions import ConditionGroup
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE, NodeConfig
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.value_type import ValueType

#: By this handle the run leaves when no case holds.
ELSE = "false"
_RESERVED = frozenset({ELSE, DEFAULT_HANDLE, FAIL_BRANCH, ""})
MAX_CASES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(ConditionGroup):
    """One way to go on; `case_id` is the handle of the edges that lead there."""

    case_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IfElseConfig(NodeConfig):
    """The cases, of which the first that holds is taken."""

    type: ClassVar[str] = "if-else"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    cases: tuple[Case, ...]

    def choose(self, pool: VariablePool) -> Case | None:
        """The case to go on with; None is the way of else.

        Raises:
            VariableMissing: a condition asks for a value that is not there.
            ConditionUndecidable: a value is of a type that its operator does not apply to.
        """
        for case in self.cases:
            if case.holds(pool):
                return case
        return None

    def outputs(self) -> Mapping[str, ValueType]:
        """Whether a case held, and which."""
        return {"result": ValueType.BOOLEAN, "selected_case_id": ValueType.STRING}

    def references(self) -> Iterable[Reference]:
        """The values that the conditions need."""
        for index, case in enumerate(self.cases):
            yield from case.references(f"cases.{index}.conditions")

    def handles(self) -> tuple[str, ...]:
        """One per case, and that of else."""
        return (*(case.case_id for case in self.cases), ELSE)

    def faults(self) -> Iterable[ConfigFault]:
        """Cases without a name of their own or without conditions, and undecidable conditions."""
        if not 1 <= len(self.cases) <= MAX_CASES:
            yield ConfigFault(
                code="case_count",
                field="cases",
                message=f"Give the node from 1 to {MAX_CASES} cases.",
            )
        counts = Counter(case.case_id for case in self.cases)
        for index, case in enumerate(self.cases):
            field = f"cases.{index}"
            if case.case_id in _RESERVED:
                yield ConfigFault(
                    code="case_id_reserved",
                    field=f"{field}.case_id",
                    message=f'"{case.case_id}" is no name for a case; use another.',
                )
            if counts[case.case_id] > 1:
                yield ConfigFault(
                    code="case_id_duplicate",
                    field=f"{field}.case_id",
                    message=f"Several cases are called {case.case_id}; give each its own id.",
                )
            if not case.conditions:
                yield ConfigFault(
                    code="condition_missing",
                    field=f"{field}.conditions",
                    message="The case would never hold; add a condition, or remove it.",
                )
            yield from case.faults(f"{field}.conditions")
