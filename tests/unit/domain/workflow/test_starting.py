"""A graph takes its inputs at its start."""

from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.starting import start_of
from tests.builders.workflow import graph, node, start


def test_the_start_of_a_graph_is_found() -> None:
    assert start_of(graph([node("end", EndConfig()), node("s", start("name"))])) == start("name")


def test_a_graph_without_a_start_declares_nothing() -> None:
    assert start_of(graph([node("end", EndConfig())])) == StartConfig()
