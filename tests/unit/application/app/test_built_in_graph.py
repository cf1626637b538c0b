"""Configurations as graphs: exactly what the engine is told."""

from dataclasses import replace

import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.application.app.built_in_graph import built_in_graph
from dify_hex.domain.app.configuration import HistoryWindow, PromptConfiguration
from dify_hex.domain.app.knowledge_use import KnowledgeUse
from dify_hex.domain.app.limits import Limits
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource
from dify_hex.domain.shared.values.metadata_conditions import (
    MetadataCondition,
    MetadataConditions,
    MetadataOperator,
)
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.workflow.nodes.knowledge_retrieval import (
    KnowledgeRetrievalConfig,
    MetadataFiltering,
)
from dify_hex.domain.workflow.nodes.llm import LlmConfig, PromptMessage, PromptRole
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from dify_hex.domain.workflow.start_variables import StartInputType, StartVariable
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.app import MODEL, chat, completion
from tests.builders.retrieval import LETTERS, MANUALS

TONE = InputVariable(name="tone")


def llm_of(configuration: PromptConfiguration) -> LlmConfig:
    config = built_in_graph(configuration).node(NodeId("llm")).config
    assert isinstance(config, LlmConfig)
    return config


def test_a_chat_tells_the_model_who_it_is_what_was_said_and_what_is_asked() -> None:
    configuration = replace(
        chat("Be {{ tone }}.", TONE),
        history=HistoryWindow(max_turns=5, max_tokens=900),
        limits=Limits(first_token_timeout_seconds=7, token_timeout_seconds=3),
    )

    config = llm_of(configuration)

    assert config.model == MODEL
    assert config.prompt == (PromptMessage(role=PromptRole.SYSTEM, text="Be {{ tone }}."),)
    assert config.query == Selector(SYSTEM, "query")
    assert config.memory == MemoryWindow(max_turns=5, max_tokens=900)
    assert (config.first_token_timeout_seconds, config.token_timeout_seconds) == (7, 3)


def test_a_blank_prompt_says_nothing_and_no_turns_mean_no_memory() -> None:
    config = llm_of(replace(chat("  "), history=HistoryWindow(max_turns=0)))

    assert (config.prompt, config.memory) == ((), None)


def test_a_completion_says_its_prompt_and_nothing_else() -> None:
    config = llm_of(completion("Write {{ tone }}.", TONE))

    assert config.prompt == (PromptMessage(role=PromptRole.USER, text="Write {{ tone }}."),)
    assert (config.query, config.memory) == (None, None)


def test_the_start_node_declares_every_variable_as_the_app_does() -> None:
    age = InputVariable(name="age", type=VariableType.NUMBER, required=False, default=7)

    graph = built_in_graph(chat("", TONE, age))

    assert graph.node(NodeId("start")).config == StartConfig(
        variables=(
            StartVariable(variable="tone", required=True),
            StartVariable(variable="age", type=StartInputType.NUMBER, default=7),
        )
    )


@pytest.mark.parametrize("configuration", [chat("Be {{ tone }}.", TONE), completion("Write.")])
def test_the_graph_has_no_faults(configuration: PromptConfiguration) -> None:
    codec = PydanticGraphCodec()
    graph = built_in_graph(configuration)

    assert codec.parse(codec.document(graph).json) == graph


USE = KnowledgeUse(
    sources=(
        KnowledgeSource(knowledge_id=MANUALS, weight=0.5),
        KnowledgeSource(knowledge_id=LETTERS),
    ),
    retrieval=RetrievalOverrides(top_k=3),
)


def retrieval_of(configuration: PromptConfiguration) -> KnowledgeRetrievalConfig:
    config = built_in_graph(configuration).node(NodeId("knowledge")).config
    assert isinstance(config, KnowledgeRetrievalConfig)
    return config


def test_an_app_with_knowledge_retrieves_before_it_asks_the_model() -> None:
    configuration = replace(chat("Be kind."), knowledge=USE)

    assert [node.id for node in built_in_graph(configuration).nodes] == [
        "start",
        "knowledge",
        "llm",
        "answer",
    ]
    retrieval = retrieval_of(configuration)
    assert retrieval.query_variable_selector == Selector(SYSTEM, "query")
    assert retrieval.sources == USE.sources
    assert retrieval.overrides == USE.retrieval
    assert retrieval.metadata_filtering_mode is MetadataFiltering.DISABLED
    assert llm_of(configuration).context.selector == Selector(NodeId("knowledge"), "result")


def test_a_completion_searches_for_the_value_of_its_variable() -> None:
    configuration = replace(
        completion("Write {{ tone }}.", TONE), knowledge=replace(USE, query_variable="tone")
    )

    retrieval = retrieval_of(configuration)

    assert retrieval.query_variable_selector == Selector(NodeId("start"), "tone")


def test_conditions_on_documents_go_along() -> None:
    condition = MetadataCondition(
        name="year", comparison_operator=MetadataOperator.EQUAL, value=2026
    )
    filters = MetadataConditions(conditions=(condition,))

    retrieval = retrieval_of(replace(chat(), knowledge=replace(USE, filters=filters)))

    assert retrieval.metadata_filtering_mode is MetadataFiltering.MANUAL
    assert retrieval.conditions == (condition,)


def test_a_graph_with_knowledge_survives_being_written_down() -> None:
    codec = PydanticGraphCodec()
    graph = built_in_graph(replace(chat(), knowledge=USE))

    assert codec.parse(codec.document(graph).json) == graph
