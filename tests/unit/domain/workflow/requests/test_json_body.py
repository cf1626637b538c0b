"""A JSON body stays JSON whatever its values hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import RequestUnusable
from dify_hex.domain.workflow.requests.json_body import write_json
from tests.builders.variables import file, pool_of

DEEP = "[" * 100_000 + "]" * 100_000


def written(text: str, value: JsonValue = None) -> str:
    return write_json(text, pool_of(a={"x": value}), place="body.data").text


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ('{"a": 1}', None, {"a": 1}),
        ('{"a": "{{#a.x#}}"}', 'say "hi"\n\\', {"a": 'say "hi"\n\\'}),
        ('{"a": "\\"{{#a.x#}}"}', "b", {"a": '"b'}),
        ('{"a": "n: {{#a.x#}}"}', 5, {"a": "n: 5"}),
        ('{"{{#a.x#}}": 1}', 'k"', {'k"': 1}),
        ('{"a": {{#a.x#}}}', "plain", {"a": "plain"}),
        ('{"a": {{#a.x#}}}', '1, "admin": true', {"a": '1, "admin": true'}),
        ('{"a": {{#a.x#}}}', '{"b": [1]}', {"a": {"b": [1]}}),
        ('{"a": {{#a.x#}}}', {"b": [None, 1.5]}, {"a": {"b": [None, 1.5]}}),
        ('{"a": {{#a.x#}}}', None, {"a": None}),
        ("{{#a.x#}}", [1, "ä"], [1, "ä"]),
        ('{"a": {{#a.x.name#}}}', file("cat.png").to_json(), {"a": "cat.png"}),
    ],
)
def test_values_stand_as_text_between_quotes_and_as_json_elsewhere(
    text: str, value: JsonValue, found: JsonValue
) -> None:
    assert json.loads(written(text, value)) == found


def test_a_file_is_an_object_of_its_attributes() -> None:
    assert json.loads(written("{{#a.x#}}", file("cat.png").to_json()))["name"] == "cat.png"


def test_nothing_is_no_body() -> None:
    assert written(" \n") == ""


@given(st.text())
def test_no_text_ends_the_string_it_stands_in(value: str) -> None:
    assert json.loads(written('{"a": "{{#a.x#}}", "b": 1}', value)) == {"a": value, "b": 1}


@given(st.text())
def test_no_text_adds_a_field(value: str) -> None:
    assert set(json.loads(written('{"a": {{#a.x#}}, "b": 1}', value))) == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{'a': 1}", "(line 1, column 2)"),
        ('{"a": 1,\n}', "no JSON"),
        (DEEP, "no JSON that can be read"),
    ],
)
def test_what_is_no_json_is_not_sent(text: str, reason: str) -> None:
    with pytest.raises(RequestUnusable) as refused:
        written(text)

    assert refused.value.details["place"] == "body.data"
    assert reason in str(refused.value.details["reason"])


def test_a_value_nested_beyond_reading_counts_as_text() -> None:
    assert json.loads(written('{"a": {{#a.x#}}}', DEEP)) == {"a": DEEP}


def test_a_body_with_something_of_the_environment_is_secret() -> None:
    values = pool_of(env={"TOKEN": "t"}, a={"x": 1})

    assert write_json('{"t": "{{#env.TOKEN#}}", "x": {{#a.x#}}}', values, place="p").is_secret
    assert not write_json('{"x": {{#a.x#}}}', values, place="p").is_secret
