"""The answer node renders its text and brings along the files that it shows."""

import pytest

from dify_hex.application.workflow.nodes.answer import AnswerNode
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from tests.builders.node_context import context_of
from tests.builders.variables import file, pool_of

CAT = file("cat.png").to_json()


def outcome(answer: str) -> NodeOutcome:
    pool = pool_of(start={"name": "Ada", "pictures": [CAT], "cat": CAT})
    return AnswerNode().compute(AnswerConfig(answer=answer), context_of(pool))


def test_values_stand_in_the_text() -> None:
    assert outcome("Dear {{#start.name#}}!").outputs == {"answer": "Dear Ada!", "files": []}


def test_files_among_them_are_put_out_too() -> None:
    assert outcome("{{#start.cat#}}{{#start.pictures#}}").outputs["files"] == [CAT]


def test_a_missing_value_fails_the_node() -> None:
    with pytest.raises(VariableMissing):
        outcome("{{#llm.text#}}")
