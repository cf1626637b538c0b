"""The knowledge-retrieval node: the passages of datasets that fit a question."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.knowledge_use import MAX_SOURCES, KnowledgeSource
from dify_hex.domain.shared.values.metadata_conditions import (
    MAX_CONDITIONS,
    MetadataCondition,
    MetadataConditions,
)
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.shared.values.retrieval_settings import (
    MAX_TOP_K,
    FusionMethod,
    FusionSettings,
    RetrievalMethod,
)
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.prompting.model_settings import Vision, vision_references
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ValueType

_TEXT = frozenset({ValueType.STRING})
_FILES = frozenset({ValueType.FILE, ValueType.FILES})


class RetrievalMode(StrEnum):
    """Whether a model chooses one dataset, or all are searched."""

    SINGLE = "single"
    MULTIPLE = "multiple"


class RerankingMode(StrEnum):
    """What puts passages of several datasets into one order."""

    MODEL = "reranking_model"
    WEIGHTS = "weighted_score"


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankingModel:
    """A model that orders passages."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSetting:
    """How much likeness of meaning counts, from 0 to 1, and which model measures it."""

    vector_weight: float
    embedding_provider_name: str = ""
    embedding_model_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordSetting:
    """How much the words themselves count, from 0 to 1."""

    keyword_weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankingWeights:
    """The two weights; together they are 1."""

    vector_setting: VectorSetting
    keyword_setting: KeywordSetting
    weight_type: str | None = None

    @property
    def fusion(self) -> FusionSettings:
        """The same in the words of every retrieval."""
        return FusionSettings(
            method=FusionMethod.WEIGHTED,
            semantic_weight=self.vector_setting.vector_weight,
            full_text_weight=self.keyword_setting.keyword_weight,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleRetrieval:
    """How many passages of how much relevance, and how they are ordered."""

    top_k: int = 4
    score_threshold: float | None = None
    reranking_enable: bool = True
    reranking_mode: RerankingMode = RerankingMode.MODEL
    reranking_model: RerankingModel | None = None
    weights: RerankingWeights | None = None

    def overrides(self) -> RetrievalOverrides:
        """The same in the words of every retrieval; weights make the search a hybrid one."""
        rerank, fusion = None, None
        if self.reranking_enable and self.reranking_mode is RerankingMode.WEIGHTS:
            fusion = None if self.weights is None else self.weights.fusion
        elif self.reranking_enable and self.reranking_model is not None:
            named = self.reranking_model
            rerank = ModelConfig(provider=named.provider, model=named.model)
        return RetrievalOverrides(
            method=None if fusion is None else RetrievalMethod.HYBRID,
            fusion=fusion,
            top_k=self.top_k,
            score_threshold=0.0 if self.score_threshold is None else self.score_threshold,
            rerank=rerank,
            without_rerank=rerank is None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleRetrieval:
    """The model that chooses the dataset."""

    model: ModelConfig


class MetadataFiltering(StrEnum):
    """Whether documents are chosen by what is known of them, and who says by what."""

    DISABLED = "disabled"
    AUTOMATIC = "automatic"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeRetrievalConfig(NodeConfig):
    """What is asked of which Knowledge, which of its documents count, and how many passages.

    `retrieval`, if it is there, says how to search in place of `multiple_retrieval_config`, and
    `dataset_weights` how much the Knowledge of an id counts; 1 where nothing is said.
    """

    type: ClassVar[str] = "knowledge-retrieval"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    query_variable_selector: Selector | None = None
    query_attachment_selector: Selector | None = None
    dataset_ids: tuple[str, ...]
    dataset_weights: Mapping[str, float] = field(default_factory=dict)
    retrieval_mode: RetrievalMode = RetrievalMode.MULTIPLE
    retrieval: RetrievalOverrides | None = None
    multiple_retrieval_config: MultipleRetrieval | None = None
    single_retrieval_config: SingleRetrieval | None = None
    metadata_filtering_mode: MetadataFiltering = MetadataFiltering.DISABLED
    metadata_model_config: ModelConfig | None = None
    metadata_filtering_conditions: MetadataConditions | None = None
    vision: Vision = field(default_factory=Vision)

    @property
    def sources(self) -> tuple[KnowledgeSource, ...]:
        """The Knowledge, as far as it is named by ids."""
        return tuple(
            KnowledgeSource(
                knowledge_id=knowledge_id, weight=self.dataset_weights.get(written, 1.0)
            )
            for written in self.dataset_ids
            if (knowledge_id := knowledge_id_in(written)) is not None
        )

    @property
    def overrides(self) -> RetrievalOverrides:
        """What counts in place of the Knowledge's own settings."""
        if self.retrieval is not None:
            return self.retrieval
        several = self.retrieval_mode is RetrievalMode.MULTIPLE
        if several and self.multiple_retrieval_config is not None:
            return self.multiple_retrieval_config.overrides()
        return RetrievalOverrides()

    def outputs(self) -> Mapping[str, ValueType]:
        """The passages, best first, and what could not be searched."""
        return {"result": ValueType.OBJECTS, "failures": ValueType.OBJECTS}

    def references(self) -> Iterable[Reference]:
        """The question, what is attached to it, and what documents are compared with."""
        if self.query_variable_selector is not None:
            yield Reference(self.query_variable_selector, "query_variable_selector", _TEXT)
        if self.query_attachment_selector is not None:
            yield Reference(self.query_attachment_selector, "query_attachment_selector", _FILES)
        for index, condition in enumerate(self.conditions):
            if isinstance(condition.value, str):
                for selector in Template.parse(condition.value).selectors:
                    yield Reference(
                        selector, f"metadata_filtering_conditions.conditions.{index}.value"
                    )
        yield from vision_references(self.vision)

    @property
    def conditions(self) -> tuple[MetadataCondition, ...]:
        """The conditions that are written down, whether or not they are asked."""
        filters = self.metadata_filtering_conditions
        return () if filters is None else filters.conditions

    def faults(self) -> Iterable[ConfigFault]:
        """What keeps the search from being made."""
        if self.query_variable_selector is None:
            yield ConfigFault(
                code="query_missing",
                field="query_variable_selector",
                message="Select the text that is searched for; images alone cannot be.",
            )
        yield from self._source_faults()
        if self.retrieval_mode is RetrievalMode.SINGLE and self.single_retrieval_config is None:
            yield ConfigFault(
                code="retrieval_model_missing",
                field="single_retrieval_config",
                message="Choose the model that chooses the Knowledge, or search all of it.",
            )
        if self.multiple_retrieval_config is not None:
            yield from _retrieval_faults(self.multiple_retrieval_config)
        if self.retrieval is not None:
            yield from map(as_config_fault, self.retrieval.faults("retrieval"))
        yield from self._filter_faults()

    def _source_faults(self) -> Iterator[ConfigFault]:
        if not 1 <= len(self.dataset_ids) <= MAX_SOURCES:
            yield ConfigFault(
                code="datasets_count",
                field="dataset_ids",
                message=f"Choose from 1 to {MAX_SOURCES} Knowledge.",
            )
        for written, weight in self.dataset_weights.items():
            if not 0 < weight <= 1:
                yield _out_of_range(
                    f"dataset_weights.{written}", "Use a weight above 0 and up to 1."
                )

    def _filter_faults(self) -> Iterator[ConfigFault]:
        place = "metadata_filtering_conditions"
        mode, conditions = self.metadata_filtering_mode, self.conditions
        if mode is MetadataFiltering.AUTOMATIC and self.metadata_model_config is None:
            yield ConfigFault(
                code="metadata_model_missing",
                field="metadata_model_config",
                message="Choose the model that finds the conditions, or write them yourself.",
            )
        least = 1 if mode is MetadataFiltering.MANUAL else 0
        if not least <= len(conditions) <= MAX_CONDITIONS:
            yield ConfigFault(
                code="metadata_conditions_count",
                field=place,
                message=f"Write from 1 to {MAX_CONDITIONS} conditions, or switch the filter off.",
            )
        if self.metadata_filtering_conditions is not None:
            yield from map(as_config_fault, self.metadata_filtering_conditions.faults(place))


def knowledge_id_in(written: str) -> KnowledgeId | None:
    """The id that is written there; None where it is none."""
    try:
        return KnowledgeId(UUID(written))
    except ValueError:
        return None


def as_config_fault(fault: Fault) -> ConfigFault:
    """A fault of a value as one of the node that has it."""
    return ConfigFault(code=fault.code, field=fault.path, message=fault.message)


def _retrieval_faults(retrieval: MultipleRetrieval) -> Iterator[ConfigFault]:
    place = "multiple_retrieval_config"
    if not 1 <= retrieval.top_k <= MAX_TOP_K:
        yield _out_of_range(f"{place}.top_k", f"Take from 1 to {MAX_TOP_K} passages.")
    threshold = retrieval.score_threshold
    if threshold is not None and not 0 <= threshold <= 1:
        yield _out_of_range(f"{place}.score_threshold", "Use a relevance from 0 to 1.")
    if retrieval.weights is not None:
        for name, weight in (
            ("vector_setting.vector_weight", retrieval.weights.vector_setting.vector_weight),
            ("keyword_setting.keyword_weight", retrieval.weights.keyword_setting.keyword_weight),
        ):
            if not 0 <= weight <= 1:
                yield _out_of_range(f"{place}.weights.{name}", "Use a weight from 0 to 1.")
    if not retrieval.reranking_enable:
        return
    if retrieval.reranking_mode is RerankingMode.WEIGHTS and retrieval.weights is None:
        yield ConfigFault(
            code="reranking_incomplete",
            field=f"{place}.weights",
            message="Say how much meaning and words count, or switch the ordering off.",
        )
    if retrieval.reranking_mode is RerankingMode.MODEL and retrieval.reranking_model is None:
        yield ConfigFault(
            code="reranking_incomplete",
            field=f"{place}.reranking_model",
            message="Choose the model that orders the passages, or switch the ordering off.",
        )


def _out_of_range(field: str, message: str) -> ConfigFault:
    return ConfigFault(code="number_out_of_range", field=field, message=message)
