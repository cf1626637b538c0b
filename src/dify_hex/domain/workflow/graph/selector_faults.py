"""What can be wrong with the values that nodes refer to and give."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.file_reference import FILE_ATTRIBUTES
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.graph.sight import Sight
from dify_hex.domain.workflow.graph.traversal import enclosing
from dify_hex.domain.workflow.graph.unread import is_read, type_of
from dify_hex.domain.workflow.node_policy import ErrorStrategy
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import (
    CONVERSATION,
    ENVIRONMENT,
    SYSTEM,
    Selector,
)
from dify_hex.domain.workflow.variables.system import SYSTEM_TYPES
from dify_hex.domain.workflow.variables.value_type import ValueType

#: What a node puts out besides its own, when its failures are handled.
_OF_FAILURE = {"error_type": ValueType.STRING, "error_message": ValueType.STRING}
_LOOP = "loop"
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """A fault's code, and the half of its sentence that follows the selector."""

    code: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What can be seen from one place: nodes, as bits, and the containers around it."""

    nodes: int
    containers: tuple[NodeId, ...]


def selector_faults(graph: Graph) -> Iterator[GraphFault]:
    """References to what is not there, not yet, or not of the right type."""
    selectors = _Selectors(graph)
    for node in graph.nodes:
        yield from selectors.faults_of(node)


class _Selectors:
    """The references of one graph, with what answers for them worked out once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._sight = Sight(graph)
        self._global: Mapping[NodeId, Mapping[str, ValueType]] = {
            SYSTEM: SYSTEM_TYPES,
            ENVIRONMENT: {each.name: each.type for each in graph.environment},
            CONVERSATION: {each.name: each.type for each in graph.conversation},
        }
        self._outputs = {node.id: outputs_of(node) for node in graph.nodes}

    def faults_of(self, node: Node) -> Iterator[GraphFault]:
        """The faults of everything that one node refers to."""
        around = enclosing(self._graph, node.id)
        view = _View(nodes=self._sight.from_node(node.id), containers=around)
        for reference in node.config.references():
            yield from self._faults(node, reference, view)
        if node.config.opens_scope:
            inside = _View(nodes=self._sight.from_inside(node.id), containers=(node.id, *around))
            for reference in node.config.inner_references():
                yield from self._faults(node, reference, inside)
        for reference in node.config.assigns():
            if (problem := self._problem_with_target(reference, view)) is not None:
                yield _fault(node, reference, "assigns", problem)

    def _faults(self, node: Node, reference: Reference, view: _View) -> Iterator[GraphFault]:
        selector = reference.selector
        found = self._type_of(selector, view)
        if isinstance(found, ValueType):
            found = _step_into(found, selector)
        if isinstance(found, ValueType):
            problem = _problem_with_type(found, reference, node)
        else:
            problem = found
        if problem is not None:
            yield _fault(node, reference, "refers to", problem)

    def _type_of(self, selector: Selector, view: _View) -> ValueType | _Problem:
        """The type of the variable itself, without the path into it."""
        target = selector.node_id
        if target in self._global:
            known = self._global[target]
            if selector.name in known:
                return known[selector.name]
            return _unknown_name(f"{target} has only {_listed(known)}")
        if not self._graph.has(target):
            return _Problem(
                code="selector_unknown_node",
                advice=f"but there is no node {target}; correct the name",
            )
        node = self._graph.node(target)
        if target in view.containers:
            names = node.config.scope_variables()
            if selector.name in names or not is_read(node):
                return names.get(selector.name, ValueType.ANY)
            return _unknown_name(f"inside of it, {target} has only {_listed(names)}")
        if not self._sight.includes(view.nodes, target):
            return _Problem(code="selector_not_upstream", advice=self._way_to(node, view))
        outputs = self._outputs[target]
        if selector.name in outputs or node.config.open_outputs:
            return outputs.get(selector.name, ValueType.ANY)
        return _unknown_name(f"{target} puts out only {_listed(outputs)}")

    def _way_to(self, target: Node, view: _View) -> str:
        if target.parent is None or target.parent in view.containers:
            return f"but {target.id} does not run before it; connect the two"
        return f"but {target.id} is inside {target.parent}; use what {target.parent} puts out"

    def _problem_with_target(self, reference: Reference, view: _View) -> _Problem | None:
        selector = reference.selector
        if selector.node_id != CONVERSATION and not self._is_loop_around(selector, view):
            return _Problem(
                code="assignment_target",
                advice="which cannot be changed; name a variable of the conversation, or of a "
                "loop around it",
            )
        if selector.path:
            return _Problem(
                code="assignment_target",
                advice=f"which is a part of a value; assign {selector.name} as a whole",
            )
        found = self._type_of(selector, view)
        if isinstance(found, _Problem):
            return found
        if not found.fits(reference.accepts):
            return _wrong_type(found, reference)
        return None

    def _is_loop_around(self, selector: Selector, view: _View) -> bool:
        return selector.node_id in view.containers and (
            type_of(self._graph.node(selector.node_id)) == _LOOP
        )


def outputs_of(node: Node) -> Mapping[str, ValueType]:
    """What a node declares of its outputs, those of a failure that is provided for included."""
    outputs = node.config.outputs()
    return outputs if node.policy.on_error is ErrorStrategy.FAIL else {**outputs, **_OF_FAILURE}


def _step_into(found: ValueType, selector: Selector) -> ValueType | _Problem:
    for step in selector.path:
        if found in {ValueType.ANY, ValueType.OBJECT}:
            return ValueType.ANY
        if found.is_array and step.isdecimal():
            found = found.item
        elif found is ValueType.FILE and step in FILE_ATTRIBUTES:
            found = ValueType.INTEGER if step == "size" else ValueType.STRING
        else:
            return _Problem(code="selector_path", advice=_way_into(found, step))
    return found


def _way_into(found: ValueType, step: str) -> str:
    if found.is_array:
        return f"but {step} is no position in a list; use a number from 0"
    if found is ValueType.FILE:
        return f"but a file has no {step}; use one of {', '.join(FILE_ATTRIBUTES)}"
    return f"but there is no {step} in a value of the type {found}; leave it out"


def _problem_with_type(found: ValueType, reference: Reference, node: Node) -> _Problem | None:
    if found is ValueType.SECRET:
        if node.config.accepts_secrets or ValueType.SECRET in reference.accepts:
            found = ValueType.SECRET if ValueType.SECRET in reference.accepts else ValueType.STRING
        else:
            return _Problem(
                code="secret_exposed",
                advice="which is a secret; use it only in nodes that send it where it belongs",
            )
    return None if found.fits(reference.accepts) else _wrong_type(found, reference)


def _unknown_name(known: str) -> _Problem:
    return _Problem(code="selector_unknown_name", advice=f"but {known}; correct the name")


def _wrong_type(found: ValueType, reference: Reference) -> _Problem:
    wanted = " or ".join(sorted(reference.accepts))
    return _Problem(
        code="selector_wrong_type",
        advice=f"which is of the type {found}; use one of the type {wanted}",
    )


def _listed(names: Mapping[str, ValueType]) -> str:
    shown = sorted(names)[:_SHOWN]
    return ", ".join(shown) + (" …" if len(names) > _SHOWN else "") or "nothing"


def _fault(node: Node, reference: Reference, verb: str, problem: _Problem) -> GraphFault:
    return GraphFault(
        code=problem.code,
        node_id=node.id,
        field=reference.field,
        message=f"{node.id} {verb} {reference.selector}, {problem.advice}.",
    )
