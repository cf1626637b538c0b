"""Found knowledge as a prompt shows it."""

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import ContextUnusable
from dify_hex.domain.workflow.prompting.context import context_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is ", "as it is "),
        ([], ""),
        (["one", "two"], "one\ntwo"),
        ([{"content": "found", "title": "Doc"}, {"content": "more"}], "found\nmore"),
        ([{"content": "found", "summary": "in short"}], "in short\nfound"),
        ([{"content": "found", "summary": None}], "found"),
    ],
)
def test_a_text_or_a_list_of_passages_is_a_context(value: JsonValue, text: str) -> None:
    assert context_text(value) == text


@pytest.mark.parametrize(
    "value", [None, 1, {"content": "alone"}, [1], [{"title": "no content"}], [{"content": 3}]]
)
def test_anything_else_is_none(value: JsonValue) -> None:
    with pytest.raises(ContextUnusable):
        context_text(value)
