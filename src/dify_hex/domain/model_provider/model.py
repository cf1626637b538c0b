"""A model of a provider: its type and its sizes."""

import re
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.model_provider.errors import ModelInvalid
from dify_hex.domain.model_provider.features import ModelFeature, features_lacked_by

MAX_NAME_LENGTH = 200
#: What a model is taken to hold when nobody says: small enough for nearly all that are served.
DEFAULT_CONTEXT_WINDOW = 8192
MAX_WINDOW = 100_000_000
_RERANK = re.compile(r"rerank", re.IGNORECASE)
_EMBEDDING = re.compile(r"embed|\b(bge|e5|gte)\b", re.IGNORECASE)
#: What catalogues list besides, and nothing here can use.
_OTHER = re.compile(
    r"whisper|transcri|\btts\b|speech|audio|realtime|moderation|dall-e|image|sora|video",
    re.IGNORECASE,
)


class ModelType(StrEnum):
    """What a model is for."""

    LLM = "llm"
    EMBEDDING = "embedding"
    RERANK = "rerank"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as its provider names it; sizes in tokens, `max_output` None where unlimited.

    `features` None leaves what the model can do to what its name tells.
    """

    name: str
    type: ModelType = ModelType.LLM
    context_window: int = DEFAULT_CONTEXT_WINDOW
    max_output: int | None = None
    features: frozenset[ModelFeature] | None = None

    def __post_init__(self) -> None:
        """Refuse what no provider could mean.

        Raises:
            ModelInvalid: naming the field.
        """
        if not self.name.strip() or len(self.name) > MAX_NAME_LENGTH or not self.name.isprintable():
            raise ModelInvalid(field="name")
        if not 1 <= self.context_window <= MAX_WINDOW:
            raise ModelInvalid(field="context_window")
        if self.max_output is not None and not 1 <= self.max_output <= self.context_window:
            raise ModelInvalid(field="max_output")

    @property
    def lacks(self) -> frozenset[ModelFeature]:
        """What the model is known not to do."""
        if self.features is None:
            return features_lacked_by(self.name)
        return frozenset(ModelFeature) - self.features


def model_listed_as(name: str) -> Model | None:
    """What a name in a provider's catalogue stands for, as far as names tell; None: of no use."""
    if _OTHER.search(name):
        return None
    try:
        return Model(name=name, type=_type_of(name))
    except ModelInvalid:
        return None


def _type_of(name: str) -> ModelType:
    if _RERANK.search(name):
        return ModelType.RERANK
    return ModelType.EMBEDDING if _EMBEDDING.search(name) else ModelType.LLM


def starter_models(kind: str) -> tuple[Model, ...]:
    """The models a new provider of this kind begins with when its owner names none."""
    return _STARTERS.get(kind, ())


def _llm(name: str, context_window: int, max_output: int) -> Model:
    return Model(name=name, context_window=context_window, max_output=max_output)


def _embedding(name: str, context_window: int) -> Model:
    return Model(name=name, type=ModelType.EMBEDDING, context_window=context_window)


_STARTERS = {
    "openai": (
        _llm("gpt-4.1", 1_047_576, 32_768),
        _llm("gpt-4.1-mini", 1_047_576, 32_768),
        _llm("gpt-4o", 128_000, 16_384),
        _llm("gpt-4o-mini", 128_000, 16_384),
        _embedding("text-embedding-3-large", 8191),
        _embedding("text-embedding-3-small", 8191),
    ),
    "anthropic": (
        _llm("claude-haiku-4-5", 200_000, 64_000),
        _llm("claude-sonnet-4-5", 200_000, 64_000),
    ),
    "deepseek": (
        _llm("deepseek-chat", 65_536, 8192),
        _llm("deepseek-reasoner", 65_536, 32_768),
    ),
    "dashscope": (
        _llm("qwen-plus", 131_072, 8192),
        _llm("qwen-turbo", 131_072, 8192),
        _embedding("text-embedding-v3", 8192),
    ),
    "gemini": (
        _llm("gemini-2.5-flash", 1_048_576, 65_536),
        _llm("gemini-2.5-pro", 1_048_576, 65_536),
        _embedding("gemini-embedding-001", 2048),
    ),
}
