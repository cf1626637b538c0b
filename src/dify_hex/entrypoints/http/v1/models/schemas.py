"""Usable models on the wire."""

from typing import Self

from pydantic import Field

from dify_hex.application.model_provider.read_models import UsableModel
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.entrypoints.http.envelope import Schema


class ModelResponse(Schema):
    """A model that apps can be given; sizes in tokens."""

    provider: str = Field(examples=["openai"])
    name: str = Field(examples=["gpt-4.1-mini"])
    type: ModelType
    context_window: int
    max_output: int | None = Field(description="null where the window is the limit.")
    demonstration: bool = Field(description="Tiny: it shows that things work, and little more.")

    @classmethod
    def of(cls, model: UsableModel) -> Self:
        """The wire form."""
        return cls(
            provider=model.provider,
            name=model.name,
            type=model.type,
            context_window=model.context_window,
            max_output=model.max_output,
            demonstration=model.demonstration,
        )
