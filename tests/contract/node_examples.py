"""One small workflow for each way in which a node type can be used, and what has to come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

MODEL: Json = {"provider": "local", "model": "scripted"}
ENVIRONMENT: list[Json] = [
    {"name": "words", "type": "array[string]", "value": ["pear", "fig", "apple"]},
    {"name": "numbers", "type": "array[number]", "value": [3, 1, 2]},
]
START: Json = {
    "id": "start",
    "type": "start",
    "config": {
        "variables": [
            {"variable": "text", "type": "paragraph", "default": "Hello"},
            {"variable": "line", "type": "text-input", "max_length": 20},
            {"variable": "choice", "type": "select", "options": ["a", "b"], "default": "b"},
            {"variable": "count", "type": "number", "default": 4},
            {"variable": "sure", "type": "checkbox"},
            {
                "variable": "data",
                "type": "json_object",
                "default": {"name": "Ann", "tags": ["x", "y"]},
                "json_schema": {"type": "object", "required": ["name"]},
            },
        ]
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Nodes between a start and an end; `gives` are the end's outputs as `name: node.name`."""

    name: str
    nodes: tuple[Json, ...] = ()
    #: Paths such as `start > a > end`; a handle stands behind a colon.
    paths: tuple[str, ...]
    gives: Mapping[str, str]
    comes_to: Json
    inputs: Json = field(default_factory=dict)
    status: str = "succeeded"

    @property
    def type(self) -> str:
        """The node type that it shows."""
        return self.name.partition(":")[0]

    def graph(self) -> Json:
        """The whole graph."""
        outputs = [
            {"variable": name, "value_selector": path.split(".")}
            for name, path in self.gives.items()
        ]
        end = node("end", "end", run_outputs=outputs)
        return {
            "nodes": [START, *self.nodes, end],
            "edges": [edge for path in self.paths for edge in edges(path)],
            "environment": ENVIRONMENT,
        }


def node(node_id: str, kind: str, parent: str | None = None, /, **config: Any) -> Json:
    """A node; a policy is taken out of the configuration."""
    written: Json = {"id": node_id, "type": kind, "config": config}
    if policy := config.pop("policy", None):
        written["policy"] = policy
    return written if parent is None else {**written, "parent": parent}


def edges(path: str) -> list[Json]:
    """`a:handle > b > c`."""
    steps = [step.strip().partition(":") for step in path.split(">")]
    return [
        {"source": source, "target": target, **({"handle": handle} if handle else {})}
        for (source, _, handle), (target, _, _) in pairwise(steps)
    ]


def template(node_id: str, text: str, parent: str | None = None, /, **variables: str) -> Json:
    """A template over values."""
    given = [
        {"variable": name, "value_selector": path.split(".")} for name, path in variables.items()
    ]
    return node(node_id, "template-transform", parent, template=text, variables=given)


def asks(operator: str, selector: str, value: Any = None) -> Json:
    """A condition."""
    return {
        "variable_selector": selector.split("."),
        "comparison_operator": operator,
        "value": value,
    }


def decides(*conditions: Json, operator: str = "and") -> Json:
    """An if-else with one case."""
    case = {"case_id": "then", "logical_operator": operator, "conditions": list(conditions)}
    return node("it", "if-else", cases=[case])


def question(text: str, **config: Any) -> Json:
    """A model call whose question tells the model what to do."""
    return node("it", "llm", model=MODEL, prompt=[{"role": "user", "text": text}], **config)


def sorted_out(**config: Any) -> Json:
    """A list operator over the words of the environment."""
    return node(
        "it", "list-operator", variable=["env", "words"], var_type="array[string]", **config
    )


def counting(*items: Json, **config: Any) -> tuple[Json, ...]:
    """A loop with a total, in which an assigner works."""
    total = {"label": "total", "var_type": "number", "value": 0}
    seen = {"label": "seen", "var_type": "array[string]", "value": []}
    return (
        node("it", "loop", **{"loop_count": 3, "loop_variables": [total, seen], **config}),
        node("add", "assigner", "it", items=list(items)),
    )


def changes(target: str, operation: str, value: Any = None) -> Json:
    """One assignment of a constant."""
    return {
        "variable_selector": target.split("."),
        "operation": operation,
        "input_type": "constant",
        "value": value,
    }


LINE = ("start > it > end",)
ADD_TWO = changes("it.total", "+=", 2)
TEXT = {"said": "it.text"}
YES_NO = (template("yes", "yes"), template("no", "no"))
