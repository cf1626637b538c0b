"""Finding everything that keeps a drawn graph from being published."""

from collections.abc import Iterator

from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.application.workflow.records import DrawnGraph
from dify_hex.domain.app.flow_configuration import FlowConfiguration, WorkflowConfiguration
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.nodes.parameter_extractor import ParameterExtractorConfig
from dify_hex.domain.workflow.nodes.question_classifier import QuestionClassifierConfig


def drawn_graph(configuration: FlowConfiguration, graphs: GraphCodec) -> DrawnGraph:
    """The graph as far as it can be read, with every fault that it has in an app of this mode."""
    kind = (
        GraphKind.WORKFLOW
        if isinstance(configuration, WorkflowConfiguration)
        else GraphKind.CHATFLOW
    )
    return graphs.read(configuration.graph.json, kind)


def graph_faults(configuration: FlowConfiguration, graphs: GraphCodec) -> list[Fault]:
    """Every fault of the graph, with the node and the field that it is in."""
    return [told(fault) for fault in drawn_graph(configuration, graphs).faults]


def models_of(graph: Graph) -> Iterator[tuple[str, ModelConfig]]:
    """The models that nodes of the graph call, each with the node."""
    for node in graph.nodes:
        match node.config:
            case (
                LlmConfig(model=model)
                | QuestionClassifierConfig(model=model)
                | ParameterExtractorConfig(model=model)
            ):
                yield node.id, model
            case _:
                pass


def in_node(node_id: str, field: str | None) -> str:
    """Where in the draft a node, or a field of its configuration, is."""
    node = f"graph.nodes[{node_id}]"
    return node if field is None else f"{node}.{field}"


def told(fault: GraphFault) -> Fault:
    """A fault of the graph as one of the draft."""
    if fault.node_id is None:
        path = "graph" if fault.field is None else f"graph.{fault.field}"
    else:
        path = in_node(fault.node_id, fault.field)
    return Fault(
        code=fault.code,
        path=path,
        message=fault.message,
        node_id=fault.node_id,
        field=fault.field,
    )
