"""Chat and completion apps as graphs: start → (knowledge →) llm → answer."""

from collections.abc import Iterator
from itertools import pairwise
from typing import assert_never

from dify_hex.domain.app.configuration import (
    ChatConfiguration,
    CompletionConfiguration,
    HistoryWindow,
    PromptConfiguration,
)
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.knowledge_retrieval import (
    KnowledgeRetrievalConfig,
    MetadataFiltering,
)
from dify_hex.domain.workflow.nodes.llm import (
    ContextSlot,
    LlmConfig,
    PromptMessage,
    PromptRole,
    PromptSyntax,
)
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from dify_hex.domain.workflow.start_variables import StartVariable
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector

_START = NodeId("start")
_KNOWLEDGE = NodeId("knowledge")
_LLM = NodeId("llm")
_ANSWER = NodeId("answer")
_QUERY = Selector(SYSTEM, "query")


def built_in_graph(configuration: PromptConfiguration) -> Graph:
    """The graph that does what the configuration says."""
    inputs = tuple(map(StartVariable.like, configuration.prompt.variables))
    chain = [
        Node(id=_START, config=StartConfig(variables=inputs)),
        *_knowledge(configuration),
        Node(id=_LLM, config=_llm(configuration)),
        Node(id=_ANSWER, config=AnswerConfig(answer="{{#llm.text#}}")),
    ]
    return Graph(
        nodes=tuple(chain),
        edges=tuple(Edge(source=one.id, target=other.id) for one, other in pairwise(chain)),
    )


def _knowledge(configuration: PromptConfiguration) -> Iterator[Node]:
    use = configuration.knowledge
    if use is None:
        return
    if isinstance(configuration, ChatConfiguration):
        query = _QUERY
    else:
        query = Selector(_START, use.query_variable)
    filters = use.filters if use.filters.conditions else None
    yield Node(
        id=_KNOWLEDGE,
        config=KnowledgeRetrievalConfig(
            query_variable_selector=query,
            dataset_ids=tuple(str(source.knowledge_id) for source in use.sources),
            dataset_weights={str(each.knowledge_id): each.weight for each in use.sources},
            retrieval=use.retrieval,
            metadata_filtering_mode=(
                MetadataFiltering.DISABLED if filters is None else MetadataFiltering.MANUAL
            ),
            metadata_filtering_conditions=filters,
        ),
    )


def _context(configuration: PromptConfiguration) -> ContextSlot:
    if configuration.knowledge is None:
        return ContextSlot()
    return ContextSlot(enabled=True, variable_selector=Selector(_KNOWLEDGE, "result"))


def _llm(configuration: PromptConfiguration) -> LlmConfig:
    match configuration:
        case ChatConfiguration():
            return LlmConfig(
                model=configuration.model,
                prompt=_prompt(PromptRole.SYSTEM, configuration),
                syntax=PromptSyntax.INPUTS,
                query=_QUERY,
                context=_context(configuration),
                memory=_memory(configuration.history),
                first_token_timeout_seconds=configuration.limits.first_token_timeout_seconds,
                token_timeout_seconds=configuration.limits.token_timeout_seconds,
            )
        case CompletionConfiguration():
            return LlmConfig(
                model=configuration.model,
                prompt=_prompt(PromptRole.USER, configuration),
                syntax=PromptSyntax.INPUTS,
                context=_context(configuration),
                first_token_timeout_seconds=configuration.limits.first_token_timeout_seconds,
                token_timeout_seconds=configuration.limits.token_timeout_seconds,
            )
        case _:
            assert_never(configuration)


def _prompt(role: PromptRole, configuration: PromptConfiguration) -> tuple[PromptMessage, ...]:
    text = configuration.prompt.text
    return (PromptMessage(role=role, text=text),) if text.strip() else ()


def _memory(history: HistoryWindow) -> MemoryWindow | None:
    if history.max_turns == 0:
        return None
    return MemoryWindow(max_turns=history.max_turns, max_tokens=history.max_tokens)
