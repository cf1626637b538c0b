"""The workloads as graphs of dify_hex, and the one node type that only exists to be measured."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from benchmarks.engines.workloads import THRESHOLD, WAIT
from dify_hex.application.workflow.node_executor import NodeContext, NodeExecutor, NodeOutput
from dify_hex.application.workflow.nodes.registry import REGISTRY, NodeType
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import Condition
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.end import EndConfig, EndOutput
from dify_hex.domain.workflow.nodes.if_else import Case, IfElseConfig
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.template_transform import (
    TemplateTransformConfig,
    TemplateVariable,
)
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.workflow import edge, graph, node, start


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitConfig(NodeConfig):
    """An effect that takes its time and costs nothing."""

    type: ClassVar[str] = "benchmark-wait"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    seconds: float

    def outputs(self) -> Mapping[str, ValueType]:
        """A word."""
        return {"output": ValueType.STRING}

    def references(self) -> Iterable[Reference]:
        """None."""
        return ()


class WaitNode(NodeExecutor[WaitConfig]):
    """Sleeps, or with no time to sleep, yields once."""

    async def execute(
        self, config: WaitConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """The word."""
        del context
        await asyncio.sleep(config.seconds)
        yield NodeOutcome(outputs={"output": "done"})


REGISTERED = (*REGISTRY, NodeType(WaitConfig, effect=lambda _: WaitNode()))


def chain(size: int) -> Graph:
    """Start → template → … → end."""
    names = ["start", *(f"t{index}" for index in range(size)), "end"]
    return graph(
        [
            node("start", start("x")),
            *(node(f"t{index}", _template("{{ x }}.", x=_after(index))) for index in range(size)),
            node("end", _end(f"t{size - 1}")),
        ],
        *(edge(*pair) for pair in itertools.pairwise(names)),
    )


def parallel(size: int) -> Graph:
    """Start → many templates → one that waits for them all → end."""
    branches = [f"t{index}" for index in range(size)]
    together = ",".join(f"{{{{ {name} }}}}" for name in branches)
    return graph(
        [
            node("start", start("x")),
            *(
                node(name, _template(f"{{{{ x }}}}{index}", x=_of("start", "x")))
                for index, name in enumerate(branches)
            ),
            node("join", _template(together, **{name: _of(name) for name in branches})),
            node("end", _end("join")),
        ],
        *(edge("start", name) for name in branches),
        *(edge(name, "join") for name in branches),
        edge("join", "end"),
    )


def iteration() -> Graph:
    """Start → an iteration with a template inside → end."""
    inner = Node(
        id=NodeId("t"),
        config=_template("item {{ x }}!", x=_of("each", "item")),
        parent=NodeId("each"),
    )
    each = IterationConfig(iterator_selector=_of("start", "items"), output_selector=_of("t"))
    return graph(
        [node("start", start("items")), node("each", each), inner, node("end", _end("each"))],
        edge("start", "each"),
        edge("each", "end"),
    )


def branches() -> Graph:
    """Start → if-else → one of two templates, each with an end."""
    above = Condition(
        variable_selector=_of("start", "x"),
        comparison_operator=ComparisonOperator.GREATER,
        value=THRESHOLD,
    )
    return graph(
        [
            node("start", start("x")),
            node("if", IfElseConfig(cases=(Case(case_id="high", conditions=(above,)),))),
            node("high", _template("high {{ x }}", x=_of("start", "x"))),
            node("low", _template("low {{ x }}", x=_of("start", "x"))),
            node("end-high", _end("high")),
            node("end-low", _end("low")),
        ],
        edge("start", "if"),
        edge("if", "high", "high"),
        edge("if", "low", "false"),
        edge("high", "end-high"),
        edge("low", "end-low"),
    )


def wait(seconds: float = WAIT, nodes: int = 1) -> Graph:
    """Start → effects one after the other → end."""
    names = ["start", *(f"w{index}" for index in range(nodes)), "end"]
    return graph(
        [
            node("start", start()),
            *(node(f"w{index}", WaitConfig(seconds=seconds)) for index in range(nodes)),
            node("end", _end(f"w{nodes - 1}")),
        ],
        *(edge(*pair) for pair in itertools.pairwise(names)),
    )


def _after(index: int) -> Selector:
    return _of(f"t{index - 1}") if index else _of("start", "x")


def _of(node_id: str, name: str = "output") -> Selector:
    return Selector(NodeId(node_id), name)


def _template(text: str, **values: Selector) -> TemplateTransformConfig:
    return TemplateTransformConfig(
        template=text,
        variables=tuple(
            TemplateVariable(variable=name, value_selector=selector)
            for name, selector in values.items()
        ),
    )


def _end(node_id: str) -> EndConfig:
    return EndConfig(run_outputs=(EndOutput(variable="output", value_selector=_of(node_id)),))
