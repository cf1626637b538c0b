"""The iteration node: runs its children once for each item of a list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ARRAYS, ValueType

MAX_PARALLEL = 100


class ItemErrors(StrEnum):
    """What becomes of the iteration when an item fails."""

    TERMINATED = "terminated"
    CONTINUE = "continue-on-error"
    REMOVE = "remove-abnormal-output"


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationConfig(NodeConfig):
    """Which list, what of each item's values is collected, and how many items run at a time.

    Children see the item as `<node>.item` and its number, from 0, as `<node>.index`. The results
    keep the order of the items.
    """

    type: ClassVar[str] = "iteration"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True
    opens_scope: ClassVar[bool] = True

    iterator_selector: Selector
    output_selector: Selector
    iterator_input_type: ValueType = ValueType.ARRAY
    output_type: ValueType = ValueType.ARRAY
    is_parallel: bool = False
    parallel_nums: int = 10
    error_handle_mode: ItemErrors = ItemErrors.TERMINATED
    #: Join results that are all lists into one list.
    flatten_output: bool = True

    @property
    def at_a_time(self) -> int:
        """How many items may be under way together."""
        return self.parallel_nums if self.is_parallel else 1

    def outputs(self) -> Mapping[str, ValueType]:
        """The collected results."""
        return {"output": self.output_type if self.output_type.is_array else ValueType.ARRAY}

    def references(self) -> Iterable[Reference]:
        """The list; what is collected comes from the children."""
        yield Reference(self.iterator_selector, "iterator_selector", ARRAYS)

    def scope_variables(self) -> Mapping[str, ValueType]:
        """What the children see of the iteration itself."""
        return {"item": self.iterator_input_type.item, "index": ValueType.INTEGER}

    def inner_references(self) -> Iterable[Reference]:
        """What is taken of each item; an item that has not put it out counts as null."""
        yield Reference(self.output_selector, "output_selector", optional=True)

    def faults(self) -> Iterable[ConfigFault]:
        """A number of items at a time that is out of range."""
        if not 1 <= self.parallel_nums <= MAX_PARALLEL:
            yield ConfigFault(
                code="number_out_of_range",
                field="parallel_nums",
                message=f"Let from 1 to {MAX_PARALLEL} items run at a time.",
            )
