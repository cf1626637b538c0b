"""The knowledge-retrieval node: the passages of datasets that fit a question."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.conditions import LogicalOperator
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.prompting.model_settings import Vision, vision_references
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template
from dify_hex.domain.workflow.variables.value_type import ValueType

MAX_DATASETS = 50
MAX_PASSAGES = 100
MAX_CONDITIONS = 50

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipleRetrieval:
    """How many passages of how much relevance, and how they are ordered."""

    top_k: int = 4
    score_threshold: float | None = None
    reranking_enable: bool = True
    reranking_mode: RerankingMode = RerankingMode.MODEL
    reranking_model: RerankingModel | None = None
    weights: RerankingWeights | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleRetrieval:
    """The model that chooses the dataset."""

    model: ModelConfig


class MetadataFiltering(StrEnum):
    """Whether documents are chosen by what is known of them, and who says by what."""

    DISABLED = "disabled"
    AUTOMATIC = "automatic"
    MANUAL = "manual"


class MetadataOperator(StrEnum):
    """How a document's metadata are compared."""

    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    START_WITH = "start with"
    END_WITH = "end with"
    IS = "is"
    IS_NOT = "is not"
    EMPTY = "empty"
    NOT_EMPTY = "not empty"
    IN = "in"
    NOT_IN = "not in"
    EQUAL = "="
    NOT_EQUAL = "≠"
    GREATER = ">"
    LESS = "<"
    AT_LEAST = "≥"
    AT_MOST = "≤"
    BEFORE = "before"
    AFTER = "after"


_WITHOUT_VALUE = frozenset({MetadataOperator.EMPTY, MetadataOperator.NOT_EMPTY})


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataCondition:
    """What one entry of a document's metadata must be; references in `value` are replaced."""

    name: str
    comparison_operator: MetadataOperator
    value: JsonValue = None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataConditions:
    """Conditions of which all or any must hold."""

    logical_operator: LogicalOperator = LogicalOperator.AND
    conditions: tuple[MetadataCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeRetrievalConfig(NodeConfig):
    """What is asked of which datasets, which of their documents count, and how many passages."""

    type: ClassVar[str] = "knowledge-retrieval"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    query_variable_selector: Selector | None = None
    query_attachment_selector: Selector | None = None
    dataset_ids: tuple[str, ...]
    retrieval_mode: RetrievalMode = RetrievalMode.MULTIPLE
    multiple_retrieval_config: MultipleRetrieval | None = None
    single_retrieval_config: SingleRetrieval | None = None
    metadata_filtering_mode: MetadataFiltering = MetadataFiltering.DISABLED
    metadata_model_config: ModelConfig | None = None
    metadata_filtering_conditions: MetadataConditions | None = None
    vision: Vision = field(default_factory=Vision)

    def outputs(self) -> Mapping[str, ValueType]:
        """The passages, best first."""
        return {"result": ValueType.OBJECTS}

    def references(self) -> Iterable[Reference]:
        """The question, what is attached to it, and what documents are compared with."""
        if self.query_variable_selector is not None:
            yield Reference(self.query_variable_selector, "query_variable_selector", _TEXT)
        if self.query_attachment_selector is not None:
            yield Reference(self.query_attachment_selector, "query_attachment_selector", _FILES)
        for index, condition in enumerate(self._conditions()):
            if isinstance(condition.value, str):
                for selector in Template.parse(condition.value).selectors:
                    yield Reference(
                        selector, f"metadata_filtering_conditions.conditions.{index}.value"
                    )
        yield from vision_references(self.vision)

    def faults(self) -> Iterable[ConfigFault]:
        """What keeps the search from being made."""
        if self.query_variable_selector is None and self.query_attachment_selector is None:
            yield ConfigFault(
                code="query_missing",
                field="query_variable_selector",
                message="Select the text or the files that are searched for.",
            )
        if not 1 <= len(self.dataset_ids) <= MAX_DATASETS:
            yield ConfigFault(
                code="datasets_count",
                field="dataset_ids",
                message=f"Choose from 1 to {MAX_DATASETS} datasets.",
            )
        if self.retrieval_mode is RetrievalMode.SINGLE and self.single_retrieval_config is None:
            yield ConfigFault(
                code="retrieval_model_missing",
                field="single_retrieval_config",
                message="Choose the model that chooses the dataset, or search all of them.",
            )
        if self.multiple_retrieval_config is not None:
            yield from _retrieval_faults(self.multiple_retrieval_config)
        yield from self._filter_faults()

    def _conditions(self) -> tuple[MetadataCondition, ...]:
        filters = self.metadata_filtering_conditions
        return () if filters is None else filters.conditions

    def _filter_faults(self) -> Iterator[ConfigFault]:
        place = "metadata_filtering_conditions"
        mode, conditions = self.metadata_filtering_mode, self._conditions()
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
        for index, condition in enumerate(conditions):
            if not condition.name.strip():
                yield ConfigFault(
                    code="name_invalid",
                    field=f"{place}.conditions.{index}.name",
                    message="Name the entry of the metadata that is compared.",
                )
            if condition.value is None and condition.comparison_operator not in _WITHOUT_VALUE:
                yield ConfigFault(
                    code="condition_value_invalid",
                    field=f"{place}.conditions.{index}.value",
                    message="Say what the entry is compared with.",
                )


def _retrieval_faults(retrieval: MultipleRetrieval) -> Iterator[ConfigFault]:
    place = "multiple_retrieval_config"
    if not 1 <= retrieval.top_k <= MAX_PASSAGES:
        yield _out_of_range(f"{place}.top_k", f"Take from 1 to {MAX_PASSAGES} passages.")
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
