"""The end node collects the run's outputs, every one of which must be there."""

import pytest

from dify_hex.application.workflow.nodes.end import EndNode
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.end import EndConfig, EndOutput
from tests.builders.node_context import context_of
from tests.builders.variables import at, pool_of


def outcome(**sources: str) -> NodeOutcome:
    config = EndConfig(
        run_outputs=tuple(
            EndOutput(variable=name, value_selector=at(source)) for name, source in sources.items()
        )
    )
    return EndNode().compute(config, context_of(pool_of(llm={"text": "Hi.", "usage": {"n": 1}})))


def test_values_get_the_names_that_they_have_outside() -> None:
    assert outcome(said="llm.text", tokens="llm.usage.n").outputs == {"said": "Hi.", "tokens": 1}


def test_a_missing_source_fails_the_node() -> None:
    with pytest.raises(VariableMissing):
        outcome(said="llm.text", more="llm.more")
