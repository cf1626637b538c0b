"""Graphs in a few words: nodes that do as they are told, and edges as text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.graph.validation import find_faults
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_policy import (
    NO_POLICY,
    ErrorStrategy,
    NodePolicy,
)
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig, LoopVariable
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType

#: A fault's code, node and field, and a graph that has it.
FaultyGraph = tuple[str, str | None, str | None, Graph]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(NodeConfig):
    """A node that refers, assigns, puts out and branches as it is told."""

    type: ClassVar[str] = "task"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    uses: tuple[str, ...] = ()
    accepts: frozenset[ValueType] = frozenset()
    sets: tuple[str, ...] = ()
    gives: Mapping[str, ValueType] = field(default_factory=dict)
    exits: tuple[str, ...] = ("source",)
    wrong: tuple[ConfigFault, ...] = ()

    def outputs(self) -> Mapping[str, ValueType]:
        return self.gives

    def references(self) -> Iterable[Reference]:
        return [Reference(selector(text), "uses", self.accepts) for text in self.uses]

    def assigns(self) -> Iterable[Reference]:
        return [Reference(selector(text), "sets", self.accepts) for text in self.sets]

    def handles(self) -> tuple[str, ...]:
        return self.exits

    def faults(self) -> Iterable[ConfigFault]:
        return self.wrong


class Courier(Task):
    """One that sends secrets where they belong."""

    accepts_secrets: ClassVar[bool] = True


class Stranger(Task):
    """One of whose outputs others decide."""

    open_outputs: ClassVar[bool] = True


def selector(text: str) -> Selector:
    """A selector that is known to be one."""
    parsed = Selector.parse(text)
    assert parsed is not None
    return parsed


def step(
    node_id: str, config: NodeConfig, parent: str | None = None, policy: NodePolicy = NO_POLICY
) -> Node:
    """A node."""
    return Node(
        id=NodeId(node_id),
        config=config,
        parent=None if parent is None else NodeId(parent),
        policy=policy,
    )


def arrow(path: str) -> Edge:
    """`a > b`, or `a.handle > b`."""
    source, target = path.split(" > ")
    node_id, _, handle = source.partition(".")
    return Edge(source=NodeId(node_id), target=NodeId(target), handle=handle or "source")


def graph(*nodes: Node, edges: Iterable[str] = (), **declared: VariableDeclaration) -> Graph:
    """A graph; `env…` are declared for its environment, `talk…` for its conversation."""
    environment = tuple(each for name, each in declared.items() if name.startswith("env"))
    conversation = tuple(each for name, each in declared.items() if name.startswith("talk"))
    return Graph(
        nodes=nodes,
        edges=tuple(map(arrow, edges)),
        environment=environment,
        conversation=conversation,
    )


START = step("start", StartConfig())
ANSWER = step("answer", AnswerConfig(answer="Hi."))
EVERYTHING: dict[str, ValueType] = {
    "text": ValueType.STRING,
    "count": ValueType.NUMBER,
    "record": ValueType.OBJECT,
    "file": ValueType.FILE,
    "files": ValueType.FILES,
    "texts": ValueType.STRINGS,
}
MAKER = step("maker", Task(gives=EVERYTHING))


def task(
    node_id: str,
    *uses: str,
    parent: str | None = None,
    kind: type[Task] = Task,
    accepts: Iterable[ValueType] = (),
    sets: tuple[str, ...] = (),
) -> Node:
    """A node that refers to some values, and sets others."""
    return step(node_id, kind(uses=uses, accepts=frozenset(accepts), sets=sets), parent)


def chain(*nodes: Node, **declared: VariableDeclaration) -> Graph:
    """Start → … → answer."""
    path = [START, *nodes, ANSWER]
    outer = [node for node in path if node.parent is None]
    edges = [f"{a.id} > {b.id}" for a, b in pairwise(outer)]
    return graph(*path, edges=edges, **declared)


def uses(*selectors: str, accepts: Iterable[ValueType] = ()) -> Graph:
    """A graph whose node `user` refers to what `maker` puts out."""
    return chain(MAKER, task("user", *selectors, accepts=accepts))


def iteration(node_id: str = "each", parent: str | None = None, output: str = "child.text") -> Node:
    """An iteration over the texts of `maker`."""
    config = IterationConfig(
        iterator_selector=selector("maker.texts"),
        iterator_input_type=ValueType.STRINGS,
        output_selector=selector(output),
    )
    return step(node_id, config, parent)


def loop(node_id: str = "again") -> Node:
    """A loop that keeps a total."""
    variable = LoopVariable(label="total", var_type=ValueType.NUMBER, value=0)
    return step(node_id, LoopConfig(loop_count=3, loop_variables=(variable,)))


CHILD = step("child", Task(gives={"text": ValueType.STRING}), "each")


def policy(strategy: ErrorStrategy, **defaults: JsonValue) -> NodePolicy:
    """What follows failures."""
    return NodePolicy(on_error=strategy, default_outputs=defaults)


def with_policy(of: NodePolicy, *edges: str) -> Graph:
    """A graph whose node `risky` has the policy."""
    risky = step("risky", Task(gives={"text": ValueType.STRING}), policy=of)
    path = ("start > risky", "risky > answer", *edges)
    return graph(START, risky, ANSWER, edges=path)


def secret(value: str | None = None) -> VariableDeclaration:
    """The declaration of a secret."""
    return VariableDeclaration(name="TOKEN", type=ValueType.SECRET, value=value)


def nested(depth: int) -> Graph:
    """Loops inside of each other."""
    inner = [
        step(
            f"c{level}",
            LoopConfig(loop_count=1),
            None if level == 0 else f"c{level - 1}",
        )
        for level in range(depth)
    ]
    return chain(*inner, step("core", Task(), f"c{depth - 1}"))


def assert_faulty(faulty: Graph, code: str, node_id: str | None, field: str | None) -> None:
    """The graph has this fault and no other, and is told in a sentence what to do about it."""
    faults = find_faults(faulty)

    assert (code, node_id, field) in {(each.code, each.node_id, each.field) for each in faults}
    # Whatever is left without its edge cannot be reached any more.
    assert {each.code for each in faults} <= {code, "unreachable_node"}
    assert all(each.message.endswith(".") and "\n" not in each.message for each in faults)


#: Graphs of real node types, which can be written.
SOUND_DOCUMENTS = (
    graph(START, step("end", EndConfig()), edges=["start > end"]),
    graph(START, ANSWER, edges=["start > answer"], env=secret()),
    chain(step("again", LoopConfig(loop_count=2)), step("stop", LoopEndConfig(), "again")),
    chain(
        step("careful", AnswerConfig(answer="Hi."), policy=NodePolicy(timeout_seconds=5.0)),
        talk=VariableDeclaration(name="notes", type=ValueType.STRINGS, value=["a"]),
    ),
)
