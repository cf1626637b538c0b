"""The values that a part of a graph runs with when nothing has run before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import NodeValuesInvalid
from dify_hex.domain.workflow.graph.excerpt import needs_of
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT, Selector
from dify_hex.domain.workflow.variables.value_check import is_of_type
from dify_hex.domain.workflow.variables.value_type import ValueType


class ValueOrigin(StrEnum):
    """Where a value comes from."""

    GIVEN = "given"
    REMEMBERED = "remembered"
    #: What the graph declares of its environment and of the conversation.
    DECLARED = "declared"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedValue:
    """A variable that is used, as a whole; `secret` is not to be shown."""

    selector: Selector
    value: JsonValue
    origin: ValueOrigin
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSource:
    """Values by the node that they belong to."""

    origin: ValueOrigin
    values: Mapping[NodeId, JsonObject]


def used_values(
    excerpt: Graph, given: Mapping[str, JsonValue], others: Sequence[ValueSource]
) -> tuple[UsedValue, ...]:
    """A value for everything that the excerpt needs: the one that is given, else the first other.

    `given` has `node.name` as its keys.

    Raises:
        NodeValuesInvalid: with every value that is missing, of a wrong type, or not needed.
    """
    found = _Finding(excerpt, given, others)
    if faults := [*found.misnamed(), *found.misfits(), *found.missing()]:
        raise NodeValuesInvalid(faults)
    return tuple(found.used.values())


class _Finding:
    def __init__(
        self, excerpt: Graph, given: Mapping[str, JsonValue], others: Sequence[ValueSource]
    ) -> None:
        self._needs = tuple(needs_of(excerpt))
        self._given = given
        self._others = others
        self._secrets = {each.name for each in excerpt.environment if each.type is ValueType.SECRET}
        self.used: dict[Selector, UsedValue] = {}
        for reference in self._needs:
            self._find(_whole(reference.selector))

    def misnamed(self) -> Iterator[Fault]:
        needed = {str(_whole(reference.selector)) for reference in self._needs}
        for name in self._given:
            if name not in needed:
                known = ", ".join(sorted(needed)) or "no values"
                yield Fault(
                    code="value_unneeded",
                    path=f"values.{name}",
                    message=f"The node uses no {name}; it uses {known}.",
                )

    def misfits(self) -> Iterator[Fault]:
        told: set[Selector] = set()
        for reference in self._needs:
            selector, accepts = reference.selector, reference.accepts
            used = self.used.get(selector)
            if used is None or used.origin is not ValueOrigin.GIVEN or selector in told:
                continue
            if accepts and not any(is_of_type(used.value, kind) for kind in accepts):
                told.add(selector)
                wanted = " or ".join(sorted(accepts))
                yield Fault(
                    code="value_wrong_type",
                    path=f"values.{selector}",
                    message=f"{selector} has to be of the type {wanted}.",
                )

    def missing(self) -> Iterator[Fault]:
        pool = VariablePool()
        for selector, used in self.used.items():
            pool.put(selector.node_id, {**pool.of(selector.node_id), selector.name: used.value})
        lacking = dict.fromkeys(
            reference.selector
            for reference in self._needs
            if not reference.optional and not pool.has(reference.selector)
        )
        for selector in lacking:
            yield Fault(
                code="value_missing",
                path=f"values.{_whole(selector)}",
                message=f"The node needs {selector}, which has no value yet; give one, or run "
                f"{selector.node_id} first.",
            )

    def _find(self, selector: Selector) -> None:
        if selector in self.used:
            return
        secret = selector.node_id == ENVIRONMENT and selector.name in self._secrets
        name = str(selector)
        if name in self._given:
            self.used[selector] = UsedValue(
                selector=selector,
                value=self._given[name],
                origin=ValueOrigin.GIVEN,
                secret=secret,
            )
            return
        for source in self._others:
            values = source.values.get(selector.node_id, {})
            if selector.name in values:
                self.used[selector] = UsedValue(
                    selector=selector,
                    value=values[selector.name],
                    origin=source.origin,
                    secret=secret,
                )
                return


def _whole(selector: Selector) -> Selector:
    return Selector(selector.node_id, selector.name)
