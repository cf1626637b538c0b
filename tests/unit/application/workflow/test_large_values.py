"""What is taken out of a payload, and how it comes back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.application.workflow.large_values import (
    LIMIT,
    MARK,
    digests_in,
    outputs_told,
    put_back,
    spill,
)

LONG = "long " * (LIMIT // 4)


def test_a_small_payload_stays_as_it_is() -> None:
    payload = json.dumps({"outputs": {"text": "x" * (LIMIT - 100)}})

    assert spill(payload).payload is payload
    assert put_back(payload, {}) is payload


def test_a_large_payload_without_a_large_value_stays_as_it_is() -> None:
    payload = json.dumps({"answer": LONG})

    assert spill(payload) == spill(payload)
    assert spill(payload).payload is payload
    assert outputs_told(payload) is None


@pytest.mark.parametrize(
    "told",
    [
        {"outputs": {"small": 1, "text": LONG, "list": [LONG, None]}},
        {"inputs": {"text": LONG}, "conversation": {"memory": {"a": LONG}}},
        {"given": {"node": {"text": LONG}, "other": {"n": 1}}},
        {"variables": {"text": LONG}},
        {"outputs": {}, "assigned": [{"selector": ["conversation", "a"], "value": LONG}]},
    ],
)
def test_large_values_are_named_by_their_hashes_and_put_back(told: dict[str, object]) -> None:
    spilled = spill(json.dumps(told))

    assert len(spilled.payload) < 2000
    assert digests_in(spilled.payload) == set(spilled.contents)
    assert json.loads(put_back(spilled.payload, spilled.contents)) == told


def test_what_looks_like_a_reference_is_a_value_where_nothing_was_taken_out() -> None:
    forged = {MARK: {"sha256": "0" * 64, "size": 3}}
    payload = json.dumps({"outputs": {"text": forged}})

    assert digests_in(payload) == frozenset()
    assert put_back(payload, {"0" * 64: b"1"}) is payload


def test_what_looks_like_a_reference_beside_a_real_one_is_left_alone() -> None:
    forged = {MARK: {"sha256": "0" * 64, "size": 3}}
    told = {"outputs": {"forged": forged, "text": LONG}}
    spilled = spill(json.dumps(told))

    assert "0" * 64 not in digests_in(spilled.payload)
    assert json.loads(put_back(spilled.payload, spilled.contents)) == told


def test_a_value_that_is_gone_leaves_its_reference() -> None:
    spilled = spill(json.dumps({"outputs": {"text": LONG}}))

    left = json.loads(put_back(spilled.payload, {}))
    assert set(left) == {"outputs"}
    assert left["outputs"]["text"][MARK]["size"] == len(LONG) + 2
    assert outputs_told(spilled.payload) == left["outputs"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), _JSON, max_size=4))
def test_whatever_is_put_out_comes_back(outputs: dict[str, object]) -> None:
    told = {"node_id": "a", "outputs": {**outputs, "long": [outputs, LONG]}}

    spilled = spill(json.dumps(told))

    assert json.loads(put_back(spilled.payload, spilled.contents)) == told
