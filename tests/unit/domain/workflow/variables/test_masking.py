"""Secrets are masked wherever they stand in a value."""

from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.variables.masking import masked


def test_secrets_are_masked_inside_of_texts_lists_and_objects() -> None:
    value: JsonObject = {"line": "Bearer k-1 and k-12", "list": ["k-1", 3], "none": None}

    assert masked(value, ["k-1", "k-12"]) == {
        "line": "Bearer *** and ***",
        "list": ["***", 3],
        "none": None,
    }


def test_without_secrets_a_value_stays_as_it_is() -> None:
    value = {"line": "k-1"}

    assert masked(value, ()) is value
