"""The variable-aggregator node: brings the ends of several branches together."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector, is_name
from dify_hex.domain.workflow.variables.value_type import WHATEVER, ValueType

OUTPUT = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregationGroup:
    """Variables of which one will have a value; it is put out as `<group_name>.output`."""

    group_name: str
    output_type: ValueType = ValueType.ANY
    variables: tuple[Selector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregationSettings:
    """The groups, which count only while they are enabled."""

    group_enabled: bool = False
    groups: tuple[AggregationGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableAggregatorConfig(NodeConfig):
    """The variables in the order in which they are preferred, or several groups of such.

    The first that has a value wins, be it an empty one. Where none has, nothing is put out.
    """

    type: ClassVar[str] = "variable-aggregator"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    output_type: ValueType = ValueType.ANY
    variables: tuple[Selector, ...] = ()
    advanced_settings: AggregationSettings | None = None

    @property
    def groups(self) -> tuple[AggregationGroup, ...] | None:
        """The groups; None where there is but one list of variables."""
        settings = self.advanced_settings
        return settings.groups if settings is not None and settings.group_enabled else None

    def gather(self, pool: VariablePool) -> JsonObject:
        """What the node puts out."""
        if self.groups is None:
            return _first_of(self.variables, pool)
        gathered = {group.group_name: _first_of(group.variables, pool) for group in self.groups}
        return {name: found for name, found in gathered.items() if found}

    def outputs(self) -> Mapping[str, ValueType]:
        """The value, or an object per group with the value in it."""
        if self.groups is None:
            return {OUTPUT: self.output_type}
        return {group.group_name: ValueType.OBJECT for group in self.groups}

    def references(self) -> Iterable[Reference]:
        """The variables, none of which needs to have a value."""
        if self.groups is None:
            yield from _references(self.variables, self.output_type, "variables")
            return
        for index, group in enumerate(self.groups):
            field = f"advanced_settings.groups.{index}.variables"
            yield from _references(group.variables, group.output_type, field)

    def faults(self) -> Iterable[ConfigFault]:
        """Nothing to choose from, and groups without a name of their own."""
        if self.groups is None:
            yield from _variable_faults(self.variables, "variables")
            return
        if not self.groups:
            yield ConfigFault(
                code="group_missing",
                field="advanced_settings.groups",
                message="Add a group, or disable groups.",
            )
        counts = Counter(group.group_name for group in self.groups)
        for index, group in enumerate(self.groups):
            field = f"advanced_settings.groups.{index}"
            yield from _variable_faults(group.variables, f"{field}.variables")
            if not is_name(group.group_name):
                yield ConfigFault(
                    code="name_invalid",
                    field=f"{field}.group_name",
                    message="Name the group with letters, digits and underscores.",
                )
            if counts[group.group_name] > 1:
                yield ConfigFault(
                    code="duplicate_variable",
                    field=f"{field}.group_name",
                    message=f"Several groups are called {group.group_name}; rename all but one.",
                )


def _first_of(selectors: Iterable[Selector], pool: VariablePool) -> JsonObject:
    for selector in selectors:
        try:
            return {OUTPUT: pool.get(selector)}
        except VariableMissing:
            continue
    return {}


def _references(
    selectors: Iterable[Selector], output_type: ValueType, field: str
) -> Iterable[Reference]:
    accepts = WHATEVER if output_type is ValueType.ANY else frozenset({output_type})
    for index, selector in enumerate(selectors):
        yield Reference(selector, f"{field}.{index}", accepts=accepts, optional=True)


def _variable_faults(selectors: tuple[Selector, ...], field: str) -> Iterable[ConfigFault]:
    if not selectors:
        yield ConfigFault(
            code="variables_missing", field=field, message="Add the variables to choose from."
        )
