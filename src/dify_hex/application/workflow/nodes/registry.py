"""Which executor serves which node type: one explicit table."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Generic, NamedTuple, Never, Protocol, TypeVar, cast

from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutor,
    NodeExecutors,
    NodeOutput,
    PureNode,
)
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.nodes.answer import AnswerNode
from dify_hex.application.workflow.nodes.assigner import AssignerNode
from dify_hex.application.workflow.nodes.code import CodeExecutor
from dify_hex.application.workflow.nodes.document_extractor import DocumentExtractorExecutor
from dify_hex.application.workflow.nodes.end import EndNode
from dify_hex.application.workflow.nodes.http_request import HttpRequestExecutor
from dify_hex.application.workflow.nodes.human_input import HumanInputExecutor
from dify_hex.application.workflow.nodes.if_else import IfElseNode
from dify_hex.application.workflow.nodes.knowledge_retrieval import KnowledgeRetrievalExecutor
from dify_hex.application.workflow.nodes.list_operator import ListOperatorNode
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.nodes.loop_end import LoopEndNode
from dify_hex.application.workflow.nodes.parameter_extractor import ParameterExtractorExecutor
from dify_hex.application.workflow.nodes.question_classifier import QuestionClassifierExecutor
from dify_hex.application.workflow.nodes.start import StartNode
from dify_hex.application.workflow.nodes.sub_workflow import SubWorkflowExecutor
from dify_hex.application.workflow.nodes.template_transform import (
    TemplateTransformExecutor,
    TemplateTransformNode,
)
from dify_hex.application.workflow.nodes.variable_aggregator import VariableAggregatorNode
from dify_hex.domain.workflow.errors import NodeTypeUnavailable
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.agent import AgentConfig
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.assigner import AssignerConfig
from dify_hex.domain.workflow.nodes.code import CodeConfig
from dify_hex.domain.workflow.nodes.document_extractor import DocumentExtractorConfig
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.http_request import HttpRequestConfig
from dify_hex.domain.workflow.nodes.human_input import HumanInputConfig
from dify_hex.domain.workflow.nodes.if_else import IfElseConfig
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.knowledge_retrieval import KnowledgeRetrievalConfig
from dify_hex.domain.workflow.nodes.list_operator import ListOperatorConfig
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.nodes.parameter_extractor import ParameterExtractorConfig
from dify_hex.domain.workflow.nodes.question_classifier import QuestionClassifierConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.nodes.sub_workflow import SubWorkflowConfig
from dify_hex.domain.workflow.nodes.template_transform import TemplateTransformConfig
from dify_hex.domain.workflow.nodes.tool import ToolConfig
from dify_hex.domain.workflow.nodes.variable_aggregator import VariableAggregatorConfig

ConfigT = TypeVar("ConfigT", bound=NodeConfig)


class NodeType(NamedTuple, Generic[ConfigT]):
    """A node type, and how to make what executes it.

    `pure` or `effect` makes its executor, both where that depends on the single node; a type with
    neither is executed by the engine itself, unless `missing` says what this release lacks for it.
    """

    config: type[ConfigT]
    pure: Callable[[NodeServices], PureNode[ConfigT]] | None = None
    effect: Callable[[NodeServices], NodeExecutor[ConfigT]] | None = None
    missing: str = ""


class RegisteredType(Protocol):
    """Any node type, whatever its configuration."""

    @property
    @abstractmethod
    def config(self) -> type[NodeConfig]:
        """The class of its configuration."""

    @property
    @abstractmethod
    def pure(self) -> Callable[[NodeServices], PureNode[Never]] | None:
        """How to make what computes it."""

    @property
    @abstractmethod
    def effect(self) -> Callable[[NodeServices], NodeExecutor[Never]] | None:
        """How to make what executes it."""


REGISTRY = (
    NodeType(StartConfig, pure=lambda _: StartNode()),
    NodeType(EndConfig, pure=lambda _: EndNode()),
    NodeType(AnswerConfig, pure=lambda _: AnswerNode()),
    NodeType(LlmConfig, effect=LlmExecutor),
    NodeType(QuestionClassifierConfig, effect=QuestionClassifierExecutor),
    NodeType(ParameterExtractorConfig, effect=ParameterExtractorExecutor),
    NodeType(IterationConfig),
    NodeType(LoopConfig),
    NodeType(LoopEndConfig, pure=lambda _: LoopEndNode()),
    NodeType(IfElseConfig, pure=lambda _: IfElseNode()),
    NodeType(AssignerConfig, pure=lambda _: AssignerNode()),
    NodeType(ListOperatorConfig, pure=lambda _: ListOperatorNode()),
    NodeType(SubWorkflowConfig, effect=SubWorkflowExecutor),
    NodeType(TemplateTransformConfig, pure=TemplateTransformNode, effect=TemplateTransformExecutor),
    NodeType(VariableAggregatorConfig, pure=lambda _: VariableAggregatorNode()),
    NodeType(HumanInputConfig, effect=HumanInputExecutor),
    NodeType(
        AgentConfig,
        missing="Agents cannot be run yet; take the node out, or ask a model by an llm node.",
    ),
    NodeType(CodeConfig, effect=CodeExecutor),
    NodeType(DocumentExtractorConfig, effect=DocumentExtractorExecutor),
    NodeType(HttpRequestConfig, effect=HttpRequestExecutor),
    NodeType(KnowledgeRetrievalConfig, effect=KnowledgeRetrievalExecutor),
    NodeType(
        ToolConfig,
        missing="Tools cannot be called yet; take the node out, or ask for what they bring.",
    ),
)

#: Every configuration by the name of its type, as graphs are written.
NODE_TYPES: Mapping[str, type[NodeConfig]] = {entry.config.type: entry.config for entry in REGISTRY}

#: What is lacking for types that can be configured already, by name: a sentence for the author.
MISSING: Mapping[str, str] = {
    entry.config.type: entry.missing for entry in REGISTRY if entry.missing
}


class NodeRegistry(NodeExecutors):
    """Executes any node by the type of its configuration."""

    def __init__(
        self, services: NodeServices, registered: Iterable[RegisteredType] = REGISTRY
    ) -> None:
        registered = tuple(registered)
        self._pure: dict[type[NodeConfig], PureNode[NodeConfig]] = {
            entry.config: cast("PureNode[NodeConfig]", entry.pure(services))
            for entry in registered
            if entry.pure is not None
        }
        self._effects: dict[type[NodeConfig], NodeExecutor[NodeConfig]] = {
            entry.config: cast("NodeExecutor[NodeConfig]", entry.effect(services))
            for entry in registered
            if entry.effect is not None
        }

    def compute(self, config: NodeConfig, context: NodeContext) -> NodeOutcome:
        """The outcome, from the executor of the node's type."""
        return self._pure[type(config)].compute(config, context)

    def execute(self, config: NodeConfig, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        """The outputs, from the executor of the node's type.

        Raises:
            NodeTypeUnavailable: nobody executes nodes of this type; a draft may have one.
        """
        executor = self._effects.get(type(config))
        if executor is None:
            raise NodeTypeUnavailable(reason=MISSING[config.type])
        return executor.execute(config, context)
