"""Workflows to be run over HTTP: texts that go from one template to the next."""

import itertools
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.stage import Stage, made

_CHECKED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A published workflow, and what it makes of what it is given."""

    app_id: str
    product: Stage
    expected: str

    def request(self, response: str) -> bytes:
        """The request that runs it."""
        body = {"inputs": {"text": "Hello"}, "user": "benchmark", "response": response}
        return self.product.request("POST", f"/v1/apps/{self.app_id}/runs", body)

    def check_recorded(self) -> None:
        """The latest runs are stored, have succeeded, and put out what they should."""
        query = {"app_id": self.app_id, "limit": _CHECKED}
        runs = self.product.owner.get("/v1/workflow-runs", params=query).json()["data"]
        assert len(runs) == _CHECKED
        for run in runs:
            assert run["status"] == "succeeded", run
        told = self.product.owner.get(f"/v1/workflow-runs/{runs[0]['id']}").json()["data"]
        assert self.expected in orjson.dumps(told).decode(), told


def make_flow(product: Stage, name: str, *, templates: int) -> Flow:
    """Start → templates → end, published; every run is committed as `strict` says."""
    configuration = {"mode": "workflow", "graph": _graph(templates), "durability": "strict"}
    body = {"name": name, "mode": "workflow", "configuration": configuration}
    app = made(product.owner, "/v1/apps", body)
    made(product.owner, f"/v1/apps/{app['id']}/publish", {})
    return Flow(app_id=app["id"], product=product, expected="Hello" + "." * templates)


def _graph(templates: int) -> dict[str, Any]:
    names = ["start", *(f"t{number}" for number in range(templates)), "end"]
    nodes = [
        _node("start", "start", {"variables": [{"variable": "text", "required": True}]}),
        *(_template(number) for number in range(templates)),
        _node("end", "end", {"run_outputs": [_value("text", f"t{templates - 1}", "output")]}),
    ]
    edges = [{"source": source, "target": target} for source, target in itertools.pairwise(names)]
    return {"nodes": nodes, "edges": edges}


def _template(number: int) -> dict[str, Any]:
    before = ("start", "text") if number == 0 else (f"t{number - 1}", "output")
    variables = [_value("text", *before)]
    config = {"template": "{{ text }}.", "variables": variables}
    return _node(f"t{number}", "template-transform", config)


def _value(name: str, node_id: str, output: str) -> dict[str, Any]:
    return {"variable": name, "value_selector": [node_id, output]}


def _node(node_id: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"id": node_id, "type": kind, "config": config}
