"""How a Knowledge cuts its documents, what it embeds them with, and how it is searched."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings

MAX_SEPARATORS = 20
MAX_SEPARATOR_LENGTH = 50
MIN_SEGMENT_TOKENS = 16
MAX_SEGMENT_TOKENS = 4000
MAX_MODEL_NAME_LENGTH = 200
#: The largest piece of a text first: paragraphs, lines, sentences of East and West, words.
DEFAULT_SEPARATORS = ("\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "；", "; ", "，", ", ", " ")


class SegmentationMode(StrEnum):
    """Whether a segment is found as it is, or by smaller children of its own."""

    GENERAL = "general"
    PARENT_CHILD = "parent_child"


class ParentScope(StrEnum):
    """What the parent of children is."""

    PARAGRAPH = "paragraph"
    FULL_DOCUMENT = "full_document"


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningRules:
    """What is taken out of a text before it is cut."""

    collapse_whitespace: bool = True
    remove_urls_and_emails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationSettings:
    """How a document is cut; sizes are in tokens.

    A text is cut at its structure first, and at the separators, in their order, where a part is
    larger than `max_tokens`. Neighbours share up to `overlap_tokens`. `parent` and
    `child_max_tokens` count in the mode `parent_child` only.
    """

    mode: SegmentationMode = SegmentationMode.GENERAL
    separators: tuple[str, ...] = DEFAULT_SEPARATORS
    max_tokens: int = 512
    overlap_tokens: int = 50
    parent: ParentScope = ParentScope.PARAGRAPH
    child_max_tokens: int = 128
    cleaning: CleaningRules = field(default_factory=CleaningRules)

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is out of range."""
        yield from _size_faults(f"{path}.max_tokens", self.max_tokens, MAX_SEGMENT_TOKENS)
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            yield Fault(
                code="number_out_of_range",
                path=f"{path}.overlap_tokens",
                message="Let neighbours share at most half of a segment.",
            )
        if self.mode is SegmentationMode.PARENT_CHILD:
            largest = MAX_SEGMENT_TOKENS
            if self.parent is ParentScope.PARAGRAPH:
                largest = self.max_tokens
            yield from _size_faults(f"{path}.child_max_tokens", self.child_max_tokens, largest)
        yield from self._separator_faults(f"{path}.separators")

    def _separator_faults(self, path: str) -> Iterator[Fault]:
        if len(self.separators) > MAX_SEPARATORS:
            yield Fault(
                code="too_many", path=path, message=f"Use at most {MAX_SEPARATORS} separators."
            )
        for index, separator in enumerate(self.separators):
            if not 1 <= len(separator) <= MAX_SEPARATOR_LENGTH:
                yield Fault(
                    code="separator_invalid",
                    path=f"{path}[{index}]",
                    message=f"A separator has from 1 to {MAX_SEPARATOR_LENGTH} characters.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSettings:
    """Everything that can be set on a Knowledge.

    A new segmentation holds for documents that are indexed from then on. Another embedding model
    makes every vector worthless: the segments are embedded anew.
    """

    embedding: ModelConfig
    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)

    def faults(self) -> Iterator[Fault]:
        """Everything that cannot be used, each part's faults together."""
        yield from _model_faults(self.embedding, "embedding")
        yield from self.segmentation.faults("segmentation")
        yield from self.retrieval.faults("retrieval")


def _model_faults(model: ModelConfig, path: str) -> Iterator[Fault]:
    for name, value in (("provider", model.provider), ("model", model.model)):
        if not value.strip() or len(value) > MAX_MODEL_NAME_LENGTH:
            yield Fault(
                code="model_not_chosen",
                path=f"{path}.{name}",
                message="Choose a model of the type embedding, as GET /v1/models lists them.",
            )


def _size_faults(path: str, tokens: int, largest: int) -> Iterator[Fault]:
    if not MIN_SEGMENT_TOKENS <= tokens <= largest:
        yield Fault(
            code="number_out_of_range",
            path=path,
            message=f"Use from {MIN_SEGMENT_TOKENS} to {largest} tokens.",
        )
