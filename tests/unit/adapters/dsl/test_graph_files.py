"""Graphs in files are JSON or YAML, alone or in an app's configuration."""

import json

import pytest

from dify_hex.adapters.dsl.graph_files import GraphFileUnreadable, graph_text
from dify_hex.domain.workflow.graph.graph_kind import GraphKind

GRAPH: dict[str, list[str]] = {"nodes": [], "edges": []}


@pytest.mark.parametrize("text", ['{"nodes": [], "edges": []}', "nodes: []\nedges: []\n"])
def test_a_graph_is_read_from_either_language(text: str) -> None:
    document, kind = graph_text(text)

    assert (json.loads(document), kind) == (GRAPH, None)


@pytest.mark.parametrize("kind", GraphKind)
def test_a_configuration_says_what_its_graph_is_for(kind: GraphKind) -> None:
    document, found = graph_text(json.dumps({"mode": kind.value, "graph": GRAPH}))

    assert (json.loads(document), found) == (GRAPH, kind)


def test_what_yaml_takes_for_a_date_stays_a_text() -> None:
    document, _ = graph_text("value: 2026-11-21")

    assert json.loads(document) == {"value": "2026-11-21"}


@pytest.mark.parametrize("text", ["a: [", "!!python/object:os.system {}", "a: !!binary aGk="])
def test_what_json_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(GraphFileUnreadable):
        graph_text(text)
