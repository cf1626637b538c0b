"""A node type is three files of one name and a line in the registry: here is one, from nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest

from dify_hex.adapters.dsl.domain_forms import adapter_for
from dify_hex.application.workflow.engine.attempts import context_of
from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.application.workflow.nodes.registry import (
    REGISTRY,
    NodeRegistry,
    NodeType,
    RegisteredType,
)
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.validation import find_faults
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.engine import StillClock
from tests.builders.node_services import services
from tests.builders.variables import at
from tests.builders.workflow import NOW, edge, facts, graph, new_run, node, start

# 1. domain/workflow/nodes/shout.py: what is configured, and what can be wrong with it.


@dataclass(frozen=True, slots=True, kw_only=True)
class ShoutConfig(NodeConfig):
    """A text, and how loudly it is said again."""

    type: ClassVar[str] = "shout"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    text: Selector
    marks: int = 1

    def outputs(self) -> Mapping[str, ValueType]:
        return {"shouted": ValueType.STRING}

    def references(self) -> Iterable[Reference]:
        yield Reference(self.text, "text", accepts=frozenset({ValueType.STRING}))

    def faults(self) -> Iterable[ConfigFault]:
        if self.marks < 1:
            yield ConfigFault(code="too_quiet", field="marks", message="Use at least 1 mark.")


# 2. application/workflow/nodes/shout.py: what executes it.


class ShoutNode(PureNode[ShoutConfig]):
    """Says it in capitals."""

    def compute(self, config: ShoutConfig, context: NodeContext) -> NodeOutcome:
        text = str(context.variables.get(config.text)).upper()
        return NodeOutcome(outputs={"shouted": text + "!" * config.marks})


# The line in the registry.

SHOUT = NodeType(ShoutConfig, pure=lambda _: ShoutNode())


# 3. Its tests.


def shouting(config: ShoutConfig) -> Graph:
    """Start → shout → answer."""
    return graph(
        [
            node("start", start("name")),
            node("shout", config),
            node("answer", AnswerConfig(answer="I said {{#shout.shouted#}}")),
        ],
        edge("start", "shout"),
        edge("shout", "answer"),
    )


def test_it_is_drawn_as_json_without_a_word_about_it_elsewhere() -> None:
    form = adapter_for(ShoutConfig)
    config = ShoutConfig(text=at("start.name"), marks=3)

    assert form.validate_python({"text": ["start", "name"], "marks": 3}) == config
    assert form.dump_python(config) == {"text": ["start", "name"], "marks": 3}


def test_its_graph_is_checked_like_any_other() -> None:
    assert find_faults(shouting(ShoutConfig(text=at("start.name")))) == ()

    faults = find_faults(shouting(ShoutConfig(text=at("start.surname"), marks=0)))

    assert {(fault.code, fault.node_id, fault.field) for fault in faults} == {
        ("selector_unknown_name", "shout", "text"),
        ("too_quiet", "shout", "marks"),
    }


def test_it_runs_among_the_others() -> None:
    nodes = NodeRegistry(services(), (*REGISTRY, SHOUT))
    run = new_run(shouting(ShoutConfig(text=at("start.name"), marks=2)))
    run.start(facts(run_id=run.run_id, inputs={"name": "Ada"}))

    while ready := run.ready():
        run.start_node(ready[0], now=NOW)
        outcome = nodes.compute(
            run.node_at(ready[0]).config, context_of(run, ready[0], StillClock())
        )
        run.succeed_node(ready[0], outcome, now=NOW)

    assert run.nodes[NodeId("answer")].outputs["answer"] == "I said ADA!!"


@pytest.mark.parametrize("entry", REGISTRY, ids=lambda entry: str(entry.config.type))
def test_every_type_keeps_its_files_where_its_name_says(entry: RegisteredType) -> None:
    name = entry.config.type.replace("-", "_")

    assert entry.config.__module__ == f"dify_hex.domain.workflow.nodes.{name}"
    if (make := entry.pure or entry.effect) is not None:
        executor = type(make(services()))
        assert executor.__module__ == f"dify_hex.application.workflow.nodes.{name}"
