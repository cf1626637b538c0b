"""What a new app does before anybody has edited it."""

from itertools import pairwise

from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.app.configuration import Configuration, first_prompt
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector

_START = Node(id=NodeId("start"), config=StartConfig())


def first_configuration(mode: AppMode, model: ModelConfig, graphs: GraphCodec) -> Configuration:
    """What a new app begins with: it can be published as it is.

    Raises:
        AppModeUnsupported: apps of this mode are not offered.
    """
    match mode:
        case AppMode.WORKFLOW:
            end = Node(id=NodeId("end"), config=EndConfig())
            return WorkflowConfiguration(graph=graphs.document(_chain(_START, end)))
        case AppMode.CHATFLOW:
            llm = LlmConfig(
                model=model,
                prompt=(),
                query=Selector(SYSTEM, "query"),
                memory=MemoryWindow(max_turns=50),
            )
            chain = _chain(
                _START,
                Node(id=NodeId("llm"), config=llm),
                Node(id=NodeId("answer"), config=AnswerConfig(answer="{{#llm.text#}}")),
            )
            return ChatflowConfiguration(graph=graphs.document(chain))
        case _:
            return first_prompt(mode, model)


def _chain(*nodes: Node) -> Graph:
    edges = tuple(Edge(source=one.id, target=other.id) for one, other in pairwise(nodes))
    return Graph(nodes=nodes, edges=edges)
