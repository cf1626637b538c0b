"""Workflow apps of nodes that act: code and requests, made and run over HTTP."""

import json
from typing import Any

import httpx

from tests.e2e.flows import Json, chain, end, make_flow, make_key, node
from tests.e2e.product import Chat, Product, make_owner

TOPIC = "three small words"
START = node("start", "start", variables=[{"variable": "topic", "type": "paragraph"}])


def code(
    node_id: str, source: str, returns: Json, *, language: str = "python3", **more: Any
) -> Json:
    return node(node_id, "code", code_language=language, code=source, returns=returns, **more)


def given(**selectors: list[str]) -> list[Json]:
    return [{"variable": name, "value_selector": path} for name, path in selectors.items()]


def only(*nodes: Json) -> Json:
    """The nodes in a row, between start and end."""
    names = [each["id"] for each in nodes]
    return {
        "nodes": [START, *nodes, end(topic=["start", "topic"])],
        "edges": chain("start", *names, "end"),
    }


def run(flow: Chat, topic: str) -> tuple[str, dict[str, Any]]:
    """How a run has ended: the type of its last event, and what it tells."""
    url = f"{flow.url}/v1/apps/{flow.app_id}/runs"
    body = {"inputs": {"topic": topic}, "user": "ann", "response": "stream"}
    answer = httpx.post(url, json=body, headers=flow.headers, timeout=60)
    assert answer.status_code == 200, answer.text
    events = [
        dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        for block in answer.text.replace("\r\n", "\n").split("\n\n")
    ]
    (last,) = (each for each in events if each.get("event") in {"run.succeeded", "run.failed"})
    return last["event"], json.loads(last["data"])


class Flows:
    """Makes apps of graphs."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.owner = make_owner(product)
        self._key = make_key(product, self.owner)

    def outputs(self, graph: Json, topic: str = TOPIC) -> dict[str, Any]:
        """What a run of the graph puts out."""
        kind, told = self._run(graph, topic)
        assert kind == "run.succeeded", told
        found: dict[str, Any] = told["outputs"]
        return found

    def error(self, graph: Json, topic: str = TOPIC) -> dict[str, Any]:
        """Why a run of the graph fails."""
        kind, told = self._run(graph, topic)
        assert kind == "run.failed", told
        found: dict[str, Any] = told["error"]
        return found

    def _run(self, graph: Json, topic: str) -> tuple[str, dict[str, Any]]:
        return run(self.made(graph), topic)

    def made(self, graph: Json) -> Chat:
        """A published app of the graph, and a key that may run it."""
        return make_flow(self.product, self.owner, graph, self._key)
