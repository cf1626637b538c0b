"""graphon, the engine of Dify, with threads of its own; runs in an environment of its own.

A graph of graphon's belongs to one run; those of all runs are made before time is taken. Its
template nodes are given a renderer that compiles each template once.
"""

import asyncio
import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar
from uuid import uuid4

from graphon.dsl import SlimDslNodeFactory
from graphon.dsl.entities import DslCredentials
from graphon.engine import Engine
from graphon.entities.base_node_data import BaseNodeData
from graphon.enums import BuiltinNodeTypes, NodeExecutionType, WorkflowNodeExecutionStatus
from graphon.graph.graph import Graph
from graphon.node_events.base import NodeRunResult
from graphon.nodes.base.node import Node
from graphon.nodes.template_transform import TemplateTransformNode
from graphon.nodes.template_transform.entities import TemplateTransformNodeData
from graphon.runtime.init_params import InitParams
from graphon.runtime.runtime_state import RuntimeState
from graphon.runtime.variable_pool import VariablePool
from graphon.template_rendering import Jinja2TemplateRenderer
from jinja2.sandbox import SandboxedEnvironment

from benchmarks.engines.serving import Events, Execute, Prepare, serve
from benchmarks.engines.workloads import THRESHOLD, WAIT

_WAIT_TYPE = "benchmark-wait"
_COMPILE = lru_cache(maxsize=4096)(SandboxedEnvironment().from_string)


class _Renderer(Jinja2TemplateRenderer):
    def render_template(self, template: str, variables: Mapping[str, Any]) -> str:
        return str(_COMPILE(template).render(variables))


class _WaitData(BaseNodeData):
    type: str = _WAIT_TYPE


class _WaitNode(Node[_WaitData]):
    node_type = _WAIT_TYPE

    @classmethod
    def version(cls) -> str:
        return "1"

    def _run(self) -> NodeRunResult:
        time.sleep(WAIT)
        return NodeRunResult(
            status=WorkflowNodeExecutionStatus.SUCCEEDED, inputs={}, outputs={"output": "done"}
        )


@dataclass
class _Factory(SlimDslNodeFactory):
    def _template(self, request: Any) -> TemplateTransformNode:
        return TemplateTransformNode(
            node_id=request.node_id,
            data=TemplateTransformNodeData.model_validate(request.data_payload),
            init_params=self.init_params,
            runtime_state=self.runtime_state,
            jinja2_template_renderer=_Renderer(),
        )

    def validate_node(self, node_config: Any) -> NodeExecutionType:
        if node_config["data"].type == _WAIT_TYPE:
            return _WaitNode.execution_type
        return super().validate_node(node_config)

    def create_node(self, node_config: Any) -> Node:
        if node_config["data"].type == _WAIT_TYPE:
            return _WaitNode(
                node_id=node_config["id"],
                data=_WaitData.model_validate(node_config["data"].model_dump()),
                init_params=self.init_params,
                runtime_state=self.runtime_state,
            )
        return super().create_node(node_config)

    NODE_BUILDERS: ClassVar[Mapping[Any, Any]] = {
        **SlimDslNodeFactory.NODE_BUILDERS,
        BuiltinNodeTypes.TEMPLATE_TRANSFORM: _template,
    }


EVENTS = Events()


def _engine(config: Mapping[str, Any], inputs: Mapping[str, Any], workers: int = 5) -> Any:
    """Everything that one run needs; returns what executes it."""
    pool = VariablePool()
    for name, value in inputs.items():
        pool.add(("start", name), value)
    run_id = str(uuid4())
    state = RuntimeState(variable_pool=pool, start_at=time.time(), workflow_id=run_id)
    factory = _Factory(
        graph_config=config,
        init_params=InitParams(
            workflow_id=run_id, graph_config=config, run_context={}, call_depth=0
        ),
        runtime_state=state,
        credentials=DslCredentials(),
        dependencies=[],
    )
    graph = Graph.init(graph_config=config, node_factory=factory, root_node_id="start")
    engine = Engine(graph=graph, runtime_state=state, workers=workers)

    def execute() -> Any:
        for event in engine.run():
            EVENTS.take(event)
        return state.outputs["output"]

    return execute


def _node(node_id: str, kind: str, **data: Any) -> dict[str, Any]:
    return {"id": node_id, "data": {"type": kind, "title": node_id, **data}}


def _template(node_id: str, text: str, /, **values: Sequence[str]) -> dict[str, Any]:
    variables = [{"variable": name, "value_selector": where} for name, where in values.items()]
    return _node(node_id, "template-transform", template=text, variables=variables)


def _end(where: str, node_id: str = "end") -> dict[str, Any]:
    output = {"variable": "output", "value_selector": [where, "output"]}
    return _node(node_id, "end", outputs=[output])


def _config(nodes: Iterable[Any], edges: Iterable[Sequence[str]]) -> dict[str, Any]:
    return {
        "nodes": [_node("start", "start", variables=[]), *nodes],
        "edges": [
            {
                "id": f"edge-{number}",
                "source": source,
                "target": target,
                "sourceHandle": handle[0] if handle else "source",
                "targetHandle": "target",
            }
            for number, (source, target, *handle) in enumerate(edges)
        ],
    }


def _one(config: Mapping[str, Any], inputs: Mapping[str, Any]) -> Execute:
    run = _engine(config, inputs)

    async def execute() -> Any:
        return run()

    return execute


def _chain(size: int) -> Execute:
    names = ["start", *(f"t{index}" for index in range(size)), "end"]
    nodes = [
        _template(
            f"t{index}", "{{ x }}.", x=[f"t{index - 1}", "output"] if index else ["start", "x"]
        )
        for index in range(size)
    ]
    links = itertools.pairwise(names)
    return _one(_config([*nodes, _end(f"t{size - 1}")], links), {"x": "a"})


def _parallel(size: int) -> Execute:
    names = [f"t{index}" for index in range(size)]
    together = ",".join(f"{{{{ {name} }}}}" for name in names)
    nodes = [
        *(_template(name, f"{{{{ x }}}}{i}", x=["start", "x"]) for i, name in enumerate(names)),
        _template("join", together, **{name: [name, "output"] for name in names}),
        _end("join"),
    ]
    edges = [
        *(("start", name) for name in names),
        *((name, "join") for name in names),
        ("join", "end"),
    ]
    return _one(_config(nodes, edges), {"x": "a"})


def _iteration(size: int) -> Execute:
    inside = _template("t", "item {{ x }}!", x=["each", "item"])
    begin = _node("begin", "iteration-start", container_id="each")
    inside["data"]["container_id"] = "each"
    each = _node(
        "each",
        "iteration",
        start_node_id="begin",
        iterator_selector=["start", "items"],
        output_selector=["t", "output"],
    )
    edges = [("start", "each"), ("begin", "t"), ("each", "end")]
    return _one(_config([each, begin, inside, _end("each")], edges), {"items": list(range(size))})


def _branches(size: int) -> Execute:
    above = {
        "variable_selector": ["start", "x"],
        "comparison_operator": ">",
        "value": str(THRESHOLD),
    }
    case = {"case_id": "high", "logical_operator": "and", "conditions": [above]}
    nodes = [
        _node("if", "if-else", cases=[case]),
        _template("high", "high {{ x }}", x=["start", "x"]),
        _template("low", "low {{ x }}", x=["start", "x"]),
        _end("high", "end-high"),
        _end("low", "end-low"),
    ]
    edges = [
        ("start", "if"),
        ("if", "high", "high"),
        ("if", "low", "false"),
        ("high", "end-high"),
        ("low", "end-low"),
    ]
    runs = [_engine(_config(nodes, edges), {"x": number}) for number in range(size)]

    async def execute() -> list[Any]:
        return [run() for run in runs]

    return execute


def _waits(size: int) -> Execute:
    edges = [("start", "wait"), ("wait", "end")]
    config = _config([_node("wait", _WAIT_TYPE), _end("wait")], edges)
    runs = [_engine(config, {}, workers=1) for _ in range(size)]

    async def execute() -> list[Any]:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(size) as threads:
            return list(await asyncio.gather(*(loop.run_in_executor(threads, run) for run in runs)))

    return execute


PREPARES: Mapping[str, Prepare] = {
    "chain": _chain,
    "parallel": _parallel,
    "iteration": _iteration,
    "branches": _branches,
    "waits": _waits,
}

if __name__ == "__main__":
    asyncio.run(serve(PREPARES, EVENTS, keeps=False))
