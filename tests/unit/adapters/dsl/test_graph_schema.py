"""The published schema says of graphs what the codec does."""

import json

import pytest
from jsonschema import Draft202012Validator

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.graph_schema import graph_schema
from dify_hex.application.workflow.nodes.registry import MISSING, NODE_TYPES
from dify_hex.domain.workflow.graph.graph import Graph
from scripts.graph_schema import TARGET, rendered
from tests.builders.graphs import SOUND_DOCUMENTS
from tests.builders.workflow import chat_graph

CODEC = PydanticGraphCodec()
VALIDATOR = Draft202012Validator(json.loads(rendered()))


def is_valid(tree: object) -> bool:
    return VALIDATOR.is_valid(tree)  # type: ignore[no-any-return]  # the library has no types


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(rendered()))


def test_the_documentation_shows_it_as_it_is_now() -> None:
    assert TARGET.read_text(encoding="utf-8") == rendered(), "run `make schema`"


def test_it_knows_every_node_type_and_what_is_lacking_for_some() -> None:
    definitions = json.loads(rendered())["$defs"]
    nodes = {
        each["properties"]["type"]["const"]: each
        for name, each in definitions.items()
        if name.endswith("Node")
    }

    assert nodes.keys() == NODE_TYPES.keys()
    assert {name: each["x-missing"] for name, each in nodes.items() if "x-missing" in each} == (
        MISSING
    )
    assert CODEC.schema() == graph_schema()


@pytest.mark.parametrize("graph", [chat_graph(), *SOUND_DOCUMENTS])
def test_what_the_codec_writes_is_valid_and_read_again(graph: Graph) -> None:
    text = CODEC.document(graph).json

    assert [error.message for error in VALIDATOR.iter_errors(json.loads(text))] == []
    assert CODEC.parse(text) == graph


@pytest.mark.parametrize(
    "change",
    [
        {"nodes": 5},
        {"colour": "red"},
        {"schema_version": 2},
        {"nodes": [{"id": "x", "type": "wormhole", "config": {}}]},
        {"nodes": [{"id": "x", "type": "answer", "config": {"answer": 5}}]},
        {"nodes": [{"id": "x", "type": "answer", "config": {"answer": "", "txet": ""}}]},
        {"edges": [{"source": "a"}]},
        {"environment": [{"name": "a", "type": "colour"}]},
    ],
)
def test_what_the_codec_refuses_for_its_form_is_not_valid(change: dict[str, object]) -> None:
    tree = json.loads(CODEC.document(chat_graph()).json) | change

    assert not is_valid(tree)
