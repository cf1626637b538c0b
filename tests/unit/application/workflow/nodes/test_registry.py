"""The table of node types: who executes which, and which nobody does yet."""

import pytest

from dify_hex.application.workflow.nodes.registry import MISSING, REGISTRY, NodeRegistry
from dify_hex.domain.workflow.errors import NodeTypeUnavailable
from dify_hex.domain.workflow.nodes.agent import AgentConfig
from tests.builders.node_context import context_of
from tests.builders.node_services import services

AGENT = AgentConfig(agent_strategy_provider_name="built-in", agent_strategy_name="react")


def test_each_type_is_there_once() -> None:
    names = [entry.config.type for entry in REGISTRY]

    assert len(set(names)) == len(names)


def test_a_type_that_is_executed_lacks_nothing() -> None:
    assert all(
        not entry.missing
        for entry in REGISTRY
        if entry.pure is not None or entry.effect is not None
    )


def test_what_is_lacking_is_told_in_a_sentence() -> None:
    assert all(sentence.endswith(".") and "; " in sentence for sentence in MISSING.values())


def test_a_draft_that_runs_into_a_type_nobody_executes_is_told_why() -> None:
    with pytest.raises(NodeTypeUnavailable) as refused:
        NodeRegistry(services()).execute(AGENT, context_of())

    assert refused.value.details == {"reason": MISSING["agent"]}
