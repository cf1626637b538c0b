"""Which model answers, and with which parameters."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelParameters:
    """Sampling settings; None leaves the choice to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """A model of a provider, named as the tenant sees both (`local`, `smollm2-135m-instruct`)."""

    provider: str
    model: str
    parameters: ModelParameters = field(default_factory=ModelParameters)
