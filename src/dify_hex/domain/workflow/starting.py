"""Where a graph takes its inputs."""

from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.nodes.start import StartConfig


def start_of(graph: Graph) -> StartConfig:
    """The start of a graph; of one without, a start that declares nothing."""
    configs = (node.config for node in graph.nodes)
    return next((each for each in configs if isinstance(each, StartConfig)), StartConfig())
