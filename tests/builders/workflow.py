"""Graphs and runs for tests, with everything that does not matter filled in."""

from collections.abc import Iterable
from datetime import UTC, datetime

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    MessageId,
    NodeId,
    TenantId,
    WorkflowRunId,
)
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.frame import ROOT, NodeAddress
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE, NodeConfig
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptMessage,
    PromptRole,
    PromptSyntax,
)
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.start_variables import StartVariable
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MODEL = ModelConfig(provider="scripted", model="echo")


def at(node_id: str, frame: str = ROOT) -> NodeAddress:
    """A node of a run; without a frame, one that is in no container."""
    return NodeAddress(frame, NodeId(node_id))


def node(node_id: str, config: NodeConfig) -> Node:
    """A node."""
    return Node(id=NodeId(node_id), config=config)


def child(node_id: str, config: NodeConfig, parent: str) -> Node:
    """A node inside of a container."""
    return Node(id=NodeId(node_id), config=config, parent=NodeId(parent))


def edge(source: str, target: str, handle: str = DEFAULT_HANDLE) -> Edge:
    """An edge."""
    return Edge(source=NodeId(source), target=NodeId(target), handle=handle)


def llm(query: bool = True, memory: MemoryWindow | None = None, system: str = "") -> LlmConfig:
    """A model call on the scripted model."""
    prompt = (PromptMessage(role=PromptRole.SYSTEM, text=system),) if system else ()
    return LlmConfig(
        model=MODEL,
        prompt=prompt,
        syntax=PromptSyntax.INPUTS,
        query=Selector(SYSTEM, "query") if query else None,
        memory=memory,
    )


def start(*names: str) -> StartConfig:
    """A start with texts that may be left out."""
    return StartConfig(variables=tuple(StartVariable(variable=name) for name in names))


def graph(nodes: Iterable[Node], *edges: Edge) -> Graph:
    """A graph."""
    return Graph(nodes=tuple(nodes), edges=edges)


def chat_graph(
    answer: str = "{{#llm.text#}}", variables: tuple[str, ...] = (), config: LlmConfig | None = None
) -> Graph:
    """Start → llm → answer."""
    return graph(
        [
            node("start", start(*variables)),
            node("llm", config or llm()),
            node("answer", AnswerConfig(answer=answer)),
        ],
        edge("start", "llm"),
        edge("llm", "answer"),
    )


def facts(
    *,
    run_id: WorkflowRunId | None = None,
    query: str | None = "Hello?",
    inputs: JsonObject | None = None,
    message: bool = True,
) -> RunStarted:
    """What a run begins with; `message=False` for one that answers nobody."""
    return RunStarted(
        at=NOW,
        run_id=run_id or WorkflowRunId(new_id()),
        graph_hash="0" * 64,
        node_schemas={},
        app_id=AppId(new_id()),
        app_version_id=None,
        user=EndUserName("ada"),
        inputs=inputs or {},
        query=query,
        message_id=MessageId(new_id()) if message else None,
        conversation_id=ConversationId(new_id()) if message else None,
        reply_to=MessageId(new_id()) if message else None,
    )


def new_run(of: Graph | None = None) -> WorkflowRun:
    """A run that has not begun."""
    return WorkflowRun(
        run_id=WorkflowRunId(new_id()),
        tenant_id=TenantId(new_id()),
        graph=of or chat_graph(),
    )


def started_run(of: Graph | None = None, *, message: bool = True) -> WorkflowRun:
    """A run that has begun."""
    run = new_run(of)
    run.start(facts(run_id=run.run_id, message=message))
    return run
