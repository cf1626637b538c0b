"""A place in a node's configuration that uses a value of the run."""

from typing import NamedTuple

from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import WHATEVER, ValueType


class Reference(NamedTuple):
    """Where which value is used, and what types it may have there.

    `optional` references may be left without a value, such as the branches that an aggregator
    chooses from.
    """

    selector: Selector
    field: str
    accepts: frozenset[ValueType] = WHATEVER
    optional: bool = False
