"""JSON is found in what a model says, however it is dressed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.prompting.json_answer import object_in, storable

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "said",
    [
        '{"a": 1}',
        ' \n{"a": 1}\n',
        '```json\n{"a": 1}\n```',
        '```\n{"a": 1}\n```',
        'Sure! Here it is:\n{"a": 1}\nAnything else?',
        '{"a": 1,}',
        'With {braces} before: {"a": 1}',
        '{"a": 1} and {"b": 2}',
    ],
)
def test_the_object_is_found(said: str) -> None:
    assert object_in(said) == {"a": 1}


@pytest.mark.parametrize(
    "said", ["", "no", "[1, 2]", '"text"', '{"a": ', "{" * 60 + '{"a": 1}', '{"a": NaN}', "{a: 1}"]
)
def test_there_may_be_none(said: str) -> None:
    assert object_in(said) is None


def test_nesting_beyond_reason_is_no_object() -> None:
    assert object_in('{"a":' * 100_000) is None


def test_what_cannot_be_stored_is_left_out() -> None:
    said = '{"a\\u0000": ["x\\u0000y", {"b": "\\ud800"}], "n": 1.5}'

    assert object_in(said) == {"a": ["xy", {"b": "?"}], "n": 1.5}


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.text(max_size=20))
def test_every_object_is_read_back(value: JsonObject, after: str) -> None:
    clean = json.loads(json.dumps(value).replace("\\u0000", ""))

    assert object_in(json.dumps(clean) + after) == clean


@pytest.mark.parametrize(
    ("text", "kept"), [("plain", "plain"), ("né 你好", "né 你好"), ("a\x00b\ud800", "ab?")]
)
def test_text_keeps_whatever_can_be_stored(text: str, kept: str) -> None:
    assert storable(text) == kept
