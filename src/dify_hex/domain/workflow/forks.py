"""What a fork asks for, held against the graph and what the former run has done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.selector_faults import outputs_of
from dify_hex.domain.workflow.graph.traversal import enclosing
from dify_hex.domain.workflow.lineage import Lineage
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.starting import start_of
from dify_hex.domain.workflow.variables.measure import MAX_OUTCOME, measure
from dify_hex.domain.workflow.variables.selector import CONVERSATION, Selector
from dify_hex.domain.workflow.variables.value_check import is_of_type
from dify_hex.domain.workflow.variables.value_type import ValueType

_FILES = frozenset({ValueType.FILE, ValueType.FILES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """From which node a run is done again, and what is different before that.

    `variables` have `node.name` or `conversation.name` as their keys, `inputs` those of the start.
    """

    again: NodeId
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    inputs: JsonObject = field(default_factory=dict)


def fork_faults(graph: Graph, lineage: Lineage, fork: Fork) -> list[Fault]:
    """Everything for which a fork cannot be meant, or its values not be used."""
    found = _ForkFaults(graph, lineage, fork)
    return [*found.of_place(), *found.of_variables(), *found.of_inputs()]


def fork_changes(graph: Graph, fork: Fork) -> Mapping[Selector, JsonValue]:
    """The values that stand in for others, of a fork without faults."""
    changes: dict[Selector, JsonValue] = {
        selector: value
        for name, value in fork.variables.items()
        if (selector := Selector.parse(name)) is not None
    }
    start = _start_id(graph)
    if start is not None and start != fork.again:
        changes |= {Selector(start, name): value for name, value in fork.inputs.items()}
    return changes


class _ForkFaults:
    def __init__(self, graph: Graph, lineage: Lineage, fork: Fork) -> None:
        self._graph = graph
        self._fork = fork
        self._start = start_of(graph)
        #: The nodes whose outputs can be replaced; None where that cannot be known.
        self._kept = None if list(self.of_place()) else lineage.kept(graph, frozenset({fork.again}))

    def of_place(self) -> Iterator[Fault]:
        """A node that is not there, or not outside of containers."""
        again = self._fork.again
        if not self._graph.has(again):
            yield Fault(
                code="fork_node_unknown", path="node_id", message="The graph has no such node."
            )
        elif around := enclosing(self._graph, again):
            yield Fault(
                code="fork_node_inside",
                path="node_id",
                message=f"A run begins again outside of containers; name {around[-1]} instead.",
            )

    def of_variables(self) -> Iterator[Fault]:
        """Names that mean nothing here, and values that do not fit what is declared."""
        for name, value in self._fork.variables.items():
            path, selector = f"variables.{name}", Selector.parse(name)
            if selector is None:
                message = "A variable is named node.name, or conversation.name."
                yield Fault(code="fork_variable_name", path=path, message=message)
                continue
            kind = self._type_of(selector)
            if kind is None:
                yield Fault(
                    code="fork_variable_unknown",
                    path=path,
                    message="Only whole outputs of nodes that are not run again can be changed, "
                    "and variables of the conversation.",
                )
            else:
                yield from self._misfit(selector, kind, value, path)

    def of_inputs(self) -> Iterator[Fault]:
        """Inputs that the start does not declare or take; what is not given stays."""
        given = tuple(each for each in self._start.variables if each.variable in self._fork.inputs)
        narrowed = replace(self._start, variables=given)
        yield from narrowed.read_inputs(self._fork.inputs).faults
        for each in given:
            if each.file_rule is not None:
                yield _file_fault("fork_file_input", f"inputs.{each.variable}", each.variable)

    def _type_of(self, selector: Selector) -> ValueType | None:
        """What may stand there; None where nothing may."""
        if selector.path:
            return None
        if selector.node_id == CONVERSATION:
            declared = {each.name: each.type for each in self._graph.conversation}
            return declared.get(selector.name)
        if self._kept is None:
            return ValueType.ANY
        if selector.node_id not in self._kept:
            return None
        node = self._graph.node(selector.node_id)
        known = outputs_of(node).get(selector.name)
        return ValueType.ANY if known is None and node.config.open_outputs else known

    def _misfit(
        self, selector: Selector, kind: ValueType, value: JsonValue, path: str
    ) -> Iterator[Fault]:
        if kind in _FILES:
            yield _file_fault("fork_variable_file", path, str(selector))
        elif measure(value).is_too_much:
            yield Fault(
                code="fork_variable_too_large",
                path=path,
                message=f"A value has at most {MAX_OUTCOME} characters and parts.",
            )
        elif self._is_input(selector):
            narrowed = _narrowed(self._start, selector.name)
            for fault in narrowed.read_inputs({selector.name: value}).faults:
                yield replace(fault, path=path)
        elif not is_of_type(value, kind):
            yield Fault(
                code="fork_variable_wrong_type",
                path=path,
                message=f"{selector} is of the type {kind}; give it a value of that type.",
            )

    def _is_input(self, selector: Selector) -> bool:
        return self._kept is not None and selector.node_id == _start_id(self._graph)


def _narrowed(start: StartConfig, name: str) -> StartConfig:
    return replace(start, variables=tuple(x for x in start.variables if x.variable == name))


def _start_id(graph: Graph) -> NodeId | None:
    return next((node.id for node in graph.nodes if node.config.type == "start"), None)


def _file_fault(code: str, path: str, name: str) -> Fault:
    return Fault(
        code=code,
        path=path,
        message=f"`{name}` is of files, which a fork keeps; start a run to give others.",
    )
