"""Finding everything that keeps a drawn graph from being published."""

from collections.abc import Iterator
from dataclasses import dataclass

from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.application.workflow.records import DrawnGraph
from dify_hex.domain.app.flow_configuration import FlowConfiguration, WorkflowConfiguration
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.nodes.knowledge_retrieval import (
    KnowledgeRetrievalConfig,
    MetadataFiltering,
    RetrievalMode,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedModel:
    """A place that names a model of a type; without a node it is one of the app's own fields."""

    model: ModelConfig
    field: str
    node_id: str | None = None
    type: ModelType = ModelType.LLM

    @property
    def path(self) -> str:
        """Where in the draft it is named."""
        return self.field if self.node_id is None else in_node(self.node_id, self.field)


def models_of(graph: Graph) -> Iterator[NamedModel]:
    """The models that nodes of the graph call."""
    for node in graph.nodes:
        match node.config:
            case (
                LlmConfig(model=model)
                | QuestionClassifierConfig(model=model)
                | ParameterExtractorConfig(model=model)
            ):
                yield NamedModel(model=model, field="model", node_id=node.id)
            case KnowledgeRetrievalConfig():
                yield from _models_of_retrieval(node.id, node.config)
            case _:
                pass


def _models_of_retrieval(node_id: str, config: KnowledgeRetrievalConfig) -> Iterator[NamedModel]:
    single, rerank = config.single_retrieval_config, config.overrides.rerank
    finder, mode = config.metadata_model_config, config.metadata_filtering_mode
    if config.retrieval_mode is RetrievalMode.SINGLE and single is not None:
        field = "single_retrieval_config.model"
        yield NamedModel(model=single.model, field=field, node_id=node_id)
    if mode is MetadataFiltering.AUTOMATIC and finder is not None:
        yield NamedModel(model=finder, field="metadata_model_config", node_id=node_id)
    if rerank is not None:
        own = config.retrieval is not None
        field = "retrieval.rerank" if own else "multiple_retrieval_config.reranking_model"
        yield NamedModel(model=rerank, field=field, node_id=node_id, type=ModelType.RERANK)


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
