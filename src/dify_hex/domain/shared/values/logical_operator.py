"""Whether all or any of several things must be so."""

from collections.abc import Iterable
from enum import StrEnum


class LogicalOperator(StrEnum):
    """Whether all or any of some conditions must hold."""

    AND = "and"
    OR = "or"

    def over(self, answers: Iterable[bool]) -> bool:
        """The answer of all together, asking no more of them than are needed."""
        return all(answers) if self is LogicalOperator.AND else any(answers)
