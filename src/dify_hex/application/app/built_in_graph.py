"""Chat and completion apps as graphs: start → llm → answer."""

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
from dify_hex.domain.workflow.nodes.llm import (
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
_LLM = NodeId("llm")
_ANSWER = NodeId("answer")


def built_in_graph(configuration: PromptConfiguration) -> Graph:
    """The graph that does what the configuration says."""
    inputs = tuple(map(StartVariable.like, configuration.prompt.variables))
    return Graph(
        nodes=(
            Node(id=_START, config=StartConfig(variables=inputs)),
            Node(id=_LLM, config=_llm(configuration)),
            Node(id=_ANSWER, config=AnswerConfig(answer="{{#llm.text#}}")),
        ),
        edges=(Edge(source=_START, target=_LLM), Edge(source=_LLM, target=_ANSWER)),
    )


def _llm(configuration: PromptConfiguration) -> LlmConfig:
    match configuration:
        case ChatConfiguration():
            return LlmConfig(
                model=configuration.model,
                prompt=_prompt(PromptRole.SYSTEM, configuration),
                syntax=PromptSyntax.INPUTS,
                query=Selector(SYSTEM, "query"),
                memory=_memory(configuration.history),
                first_token_timeout_seconds=configuration.limits.first_token_timeout_seconds,
                token_timeout_seconds=configuration.limits.token_timeout_seconds,
            )
        case CompletionConfiguration():
            return LlmConfig(
                model=configuration.model,
                prompt=_prompt(PromptRole.USER, configuration),
                syntax=PromptSyntax.INPUTS,
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
