"""What is searched for in which datasets, and what keeps it from being found."""

from dataclasses import replace

import pytest

from dify_hex.domain.shared.values.knowledge_use import MAX_SOURCES
from dify_hex.domain.shared.values.metadata_conditions import (
    MAX_CONDITIONS,
    MetadataCondition,
    MetadataConditions,
    MetadataOperand,
    MetadataOperator,
)
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionMethod,
    FusionSettings,
    RetrievalMethod,
)
from dify_hex.domain.workflow.nodes.knowledge_retrieval import (
    KeywordSetting,
    KnowledgeRetrievalConfig,
    MetadataFiltering,
    MultipleRetrieval,
    RerankingMode,
    RerankingModel,
    RerankingWeights,
    RetrievalMode,
    SingleRetrieval,
    VectorSetting,
)
from dify_hex.domain.workflow.prompting.model_settings import Vision
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import selector
from tests.builders.workflow import MODEL


def codes(config: KnowledgeRetrievalConfig) -> set[tuple[str, str]]:
    assert all(fault.message.endswith(".") for fault in config.faults())
    return {(fault.code, fault.field) for fault in config.faults()}


BASE = KnowledgeRetrievalConfig(
    query_variable_selector=selector("sys.query"), dataset_ids=("handbook",)
)
RERANKER = RerankingModel(provider="local", model="order")
WEIGHTS = RerankingWeights(
    vector_setting=VectorSetting(vector_weight=0.7),
    keyword_setting=KeywordSetting(keyword_weight=0.3),
)


def several(retrieval: MultipleRetrieval) -> KnowledgeRetrievalConfig:
    return replace(BASE, multiple_retrieval_config=retrieval)


def filtered(
    *conditions: MetadataCondition, mode: MetadataFiltering = MetadataFiltering.MANUAL
) -> KnowledgeRetrievalConfig:
    return replace(
        BASE,
        metadata_filtering_mode=mode,
        metadata_filtering_conditions=MetadataConditions(conditions=conditions),
    )


def condition(
    value: MetadataOperand = "2026",
    name: str = "year",
    operator: MetadataOperator = MetadataOperator.IS,
) -> MetadataCondition:
    return MetadataCondition(name=name, comparison_operator=operator, value=value)


def test_the_passages_are_records() -> None:
    assert BASE.outputs() == {"result": ValueType.OBJECTS, "failures": ValueType.OBJECTS}


def test_a_text_alone_can_be_searched_for() -> None:
    assert [each.field for each in BASE.references()] == ["query_variable_selector"]


def test_question_attachments_conditions_and_images_refer_to_values() -> None:
    config = replace(
        filtered(condition("{{#start.year#}}"), condition(5)),
        query_attachment_selector=selector("sys.files"),
        vision=Vision(enabled=True),
    )

    fields = [each.field for each in config.references()]

    assert fields[:3] == [
        "query_variable_selector",
        "query_attachment_selector",
        "metadata_filtering_conditions.conditions.0.value",
    ]
    assert fields[3].startswith("vision")


def test_files_alone_cannot_be_searched_for() -> None:
    config = replace(
        BASE, query_variable_selector=None, query_attachment_selector=selector("sys.files")
    )

    assert [each.field for each in config.references()] == ["query_attachment_selector"]
    assert codes(config) == {("query_missing", "query_variable_selector")}


@pytest.mark.parametrize(
    "sound",
    [
        BASE,
        several(MultipleRetrieval(reranking_model=RERANKER, score_threshold=0.5)),
        several(MultipleRetrieval(reranking_mode=RerankingMode.WEIGHTS, weights=WEIGHTS)),
        several(MultipleRetrieval(reranking_enable=False)),
        replace(
            BASE,
            retrieval_mode=RetrievalMode.SINGLE,
            single_retrieval_config=SingleRetrieval(model=MODEL),
        ),
        filtered(condition()),
        filtered(condition(None, operator=MetadataOperator.EMPTY)),
        replace(
            BASE,
            metadata_filtering_mode=MetadataFiltering.AUTOMATIC,
            metadata_model_config=MODEL,
        ),
    ],
)
def test_a_sound_search_has_no_faults(sound: KnowledgeRetrievalConfig) -> None:
    assert codes(sound) == set()


def weighed(vector: float, keyword: float) -> KnowledgeRetrievalConfig:
    weights = RerankingWeights(
        vector_setting=VectorSetting(vector_weight=vector),
        keyword_setting=KeywordSetting(keyword_weight=keyword),
    )
    return several(MultipleRetrieval(reranking_mode=RerankingMode.WEIGHTS, weights=weights))


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        (
            replace(BASE, query_variable_selector=None),
            ("query_missing", "query_variable_selector"),
        ),
        (replace(BASE, dataset_ids=()), ("datasets_count", "dataset_ids")),
        (
            replace(BASE, dataset_ids=("a",) * (MAX_SOURCES + 1)),
            ("datasets_count", "dataset_ids"),
        ),
        (
            replace(BASE, retrieval_mode=RetrievalMode.SINGLE),
            ("retrieval_model_missing", "single_retrieval_config"),
        ),
        (
            several(MultipleRetrieval(top_k=0)),
            ("number_out_of_range", "multiple_retrieval_config.top_k"),
        ),
        (
            several(MultipleRetrieval(score_threshold=1.5)),
            ("number_out_of_range", "multiple_retrieval_config.score_threshold"),
        ),
        (
            several(MultipleRetrieval()),
            ("reranking_incomplete", "multiple_retrieval_config.reranking_model"),
        ),
        (
            several(MultipleRetrieval(reranking_mode=RerankingMode.WEIGHTS)),
            ("reranking_incomplete", "multiple_retrieval_config.weights"),
        ),
        (
            weighed(1.5, 0.5),
            (
                "number_out_of_range",
                "multiple_retrieval_config.weights.vector_setting.vector_weight",
            ),
        ),
        (
            weighed(0.5, -1),
            (
                "number_out_of_range",
                "multiple_retrieval_config.weights.keyword_setting.keyword_weight",
            ),
        ),
        (
            replace(BASE, metadata_filtering_mode=MetadataFiltering.AUTOMATIC),
            ("metadata_model_missing", "metadata_model_config"),
        ),
        (filtered(), ("metadata_conditions_count", "metadata_filtering_conditions")),
        (
            filtered(*[condition()] * (MAX_CONDITIONS + 1)),
            ("metadata_conditions_count", "metadata_filtering_conditions"),
        ),
        (
            filtered(condition(name=" ")),
            ("name_invalid", "metadata_filtering_conditions.conditions.0.name"),
        ),
        (
            filtered(condition(None)),
            ("condition_value_invalid", "metadata_filtering_conditions.conditions.0.value"),
        ),
    ],
)
def test_each_fault_is_told_with_its_field(
    faulty: KnowledgeRetrievalConfig, fault: tuple[str, str]
) -> None:
    assert fault in codes(faulty)


def test_difys_weights_make_the_search_a_hybrid_one() -> None:
    weighted = MultipleRetrieval(
        reranking_mode=RerankingMode.WEIGHTS, weights=WEIGHTS, top_k=3, score_threshold=0.2
    )

    assert several(weighted).overrides == RetrievalOverrides(
        method=RetrievalMethod.HYBRID,
        fusion=FusionSettings(
            method=FusionMethod.WEIGHTED, semantic_weight=0.7, full_text_weight=0.3
        ),
        top_k=3,
        score_threshold=0.2,
        without_rerank=True,
    )


def test_difys_reranking_model_reranks() -> None:
    reranked = several(MultipleRetrieval(reranking_model=RERANKER)).overrides

    assert reranked.rerank == ModelConfig(provider="local", model="order")
    assert not reranked.without_rerank


def test_without_a_word_about_it_the_knowledges_own_settings_count() -> None:
    assert BASE.overrides == RetrievalOverrides()


def test_a_weight_of_knowledge_is_above_0_and_up_to_1() -> None:
    config = replace(BASE, dataset_weights={"handbook": 2.0}, retrieval=RetrievalOverrides(top_k=0))

    assert codes(config) == {
        ("number_out_of_range", "dataset_weights.handbook"),
        ("number_out_of_range", "retrieval.top_k"),
    }


def test_what_is_no_id_is_no_knowledge() -> None:
    assert BASE.sources == ()


def test_a_search_may_go_without_a_reranker_and_weigh_its_knowledge() -> None:
    plain = several(MultipleRetrieval(reranking_enable=False))

    assert plain.overrides == RetrievalOverrides(top_k=4, score_threshold=0.0, without_rerank=True)
    assert codes(replace(plain, dataset_weights={"handbook": 0.5})) == set()
