"""Workflow apps for tests of the whole product: every way in which nodes can follow each other."""

import secrets
from itertools import pairwise
from typing import Any

import httpx

from tests.e2e.product import Chat, Product

Json = dict[str, Any]

#: Ten tokens, one every 30 ms.
WORDS = "[[tokens=10 delay=0.03]]"
MODEL = {"provider": "local", "model": "smollm2-135m-instruct"}


def node(node_id: str, type_name: str, parent: str | None = None, **config: Any) -> Json:
    """A node as a graph's document has it."""
    written: Json = {"id": node_id, "type": type_name, "config": config}
    return written if parent is None else written | {"parent": parent}


def call(node_id: str, question: str, parent: str | None = None) -> Json:
    """A model call."""
    prompt = [{"role": "user", "text": f"{WORDS} {question}"}]
    return node(node_id, "llm", parent, model=MODEL, prompt=prompt)


def end(**outputs: list[str]) -> Json:
    """The end, which puts out what the selectors say."""
    given = [{"variable": name, "value_selector": path} for name, path in outputs.items()]
    return node("end", "end", run_outputs=given)


def chain(*path: str) -> list[Json]:
    """Edges along a path."""
    return [{"source": before, "target": after} for before, after in pairwise(path)]


START = node(
    "start",
    "start",
    variables=[
        {"variable": "topic", "type": "text-input", "required": True, "max_length": 40},
        {"variable": "data", "type": "json_object", "required": True},
    ],
)

SIDE_BY_SIDE: Json = {
    "nodes": [
        START,
        call("left", "left {{#start.topic#}}"),
        call("right", "right {{#start.topic#}}"),
        node(
            "both",
            "template-transform",
            template="{{ a }}|{{ b }}",
            variables=[
                {"variable": "a", "value_selector": ["left", "text"]},
                {"variable": "b", "value_selector": ["right", "text"]},
            ],
        ),
        end(text=["both", "output"]),
    ],
    "edges": [
        *chain("start", "left", "both", "end"),
        *chain("start", "right", "both"),
    ],
}

ITEM_BY_ITEM: Json = {
    "nodes": [
        START,
        node(
            "each",
            "iteration",
            iterator_selector=["start", "data", "items"],
            output_selector=["say", "text"],
            is_parallel=True,
            parallel_nums=2,
        ),
        call("say", "{{#each.item#}}", parent="each"),
        end(all=["each", "output"]),
    ],
    "edges": chain("start", "each", "end"),
}

AGAIN_AND_AGAIN: Json = {
    "nodes": [
        START,
        node(
            "again",
            "loop",
            loop_count=6,
            loop_variables=[{"label": "turns", "var_type": "number", "value": 0}],
            break_conditions=[
                {
                    "variable_selector": ["again", "turns"],
                    "comparison_operator": "≥",
                    "value": "3",
                }
            ],
        ),
        call("think", "turn {{#again.turns#}}", parent="again"),
        node(
            "count",
            "assigner",
            parent="again",
            items=[
                {
                    "variable_selector": ["again", "turns"],
                    "operation": "+=",
                    "input_type": "constant",
                    "value": 1,
                }
            ],
        ),
        end(turns=["again", "turns"], rounds=["again", "loop_round"]),
    ],
    "edges": [*chain("start", "again", "end"), *chain("think", "count")],
}

EITHER_OR: Json = {
    "nodes": [
        START,
        node(
            "which",
            "if-else",
            cases=[
                {
                    "case_id": "even",
                    "logical_operator": "and",
                    "conditions": [
                        {
                            "variable_selector": ["start", "topic"],
                            "comparison_operator": "contains",
                            "value": "even",
                        }
                    ],
                }
            ],
        ),
        call("yes", "even"),
        call("no", "odd"),
        node("one", "variable-aggregator", variables=[["yes", "text"], ["no", "text"]]),
        call("after", "after {{#one.output#}}"),
        end(one=["one", "output"], after=["after", "text"]),
    ],
    "edges": [
        *chain("start", "which"),
        {"source": "which", "target": "yes", "handle": "even"},
        {"source": "which", "target": "no", "handle": "false"},
        *chain("yes", "one", "after", "end"),
        *chain("no", "one"),
    ],
}

#: Somebody is asked for a word; nobody minds who.
ASKING: Json = {
    "nodes": [
        START,
        call("think", "before"),
        node(
            "ask",
            "human-input",
            form_content="{{#start.topic#}}: {{#$output.word#}}",
            inputs=[{"type": "paragraph", "output_variable_name": "word"}],
            user_actions=[{"id": "left", "title": "Left"}, {"id": "right", "title": "Right"}],
        ),
        call("after", "after {{#ask.word#}}"),
        end(word=["ask", "word"], text=["after", "text"]),
    ],
    "edges": [
        *chain("start", "think", "ask"),
        {"source": "ask", "target": "after", "handle": "left"},
        {"source": "ask", "target": "after", "handle": "right"},
        *chain("after", "end"),
    ],
}

FLOWS: dict[str, Json] = {
    "side by side": SIDE_BY_SIDE,
    "item by item": ITEM_BY_ITEM,
    "again and again": AGAIN_AND_AGAIN,
    "either or": EITHER_OR,
    "asking": ASKING,
}

SAID = "".join(f"t{index} " for index in range(10))
#: What each puts out, whatever dies meanwhile.
OUTPUTS: dict[str, Json] = {
    "side by side": {"text": f"{SAID}|{SAID}"},
    "item by item": {"all": [SAID, SAID, SAID, SAID]},
    "again and again": {"turns": 3, "rounds": 3},
    "either or": {"one": SAID, "after": SAID},
    "asking": {"text": SAID},
}


#: One model call after the other, for more than a second.
ONE_BY_ONE: Json = {
    "nodes": [
        START,
        *(call(f"call{number}", f"{number}") for number in range(5)),
        end(text=["call4", "text"]),
    ],
    "edges": chain("start", *(f"call{number}" for number in range(5)), "end"),
}


def make_flow(
    product: Product,
    owner: dict[str, str],
    graph: Json,
    key: str,
    durability: str = "strict",
) -> Chat:
    """Make a workflow app with this graph and publish it."""
    with httpx.Client(base_url=product.url, headers=owner, timeout=30) as client:
        app = _data(
            client.post(
                "/v1/apps", json={"name": f"Flow {secrets.token_hex(4)}", "mode": "workflow"}
            )
        )
        draft = client.get(f"/v1/apps/{app['id']}/draft")
        changed = client.put(
            f"/v1/apps/{app['id']}/draft",
            json={"mode": "workflow", "graph": graph, "durability": durability},
            headers={"If-Match": draft.headers["ETag"]},
        )
        assert changed.status_code == 200, changed.text
        _data(client.post(f"/v1/apps/{app['id']}/publish", json={}))
    return Chat(url=product.url, app_id=str(app["id"]), key=key)


def make_key(product: Product, owner: dict[str, str]) -> str:
    """A key that may run every app, and read and steer its runs."""
    body = {"name": "flows", "scopes": ["app:run", "conversation:read", "run:read", "run:control"]}
    with httpx.Client(base_url=product.url, headers=owner, timeout=30) as client:
        return str(_data(client.post("/v1/api-keys", json=body))["secret"])


def _data(answer: httpx.Response) -> Json:
    assert answer.is_success, answer.text
    found: Json = answer.json()["data"]
    return found
