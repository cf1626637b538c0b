"""Model providers on the wire; a key goes in and never comes out."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from dify_hex.application.model_provider.change_model_provider import (
    ChangeModelProviderCommand,
    Replacement,
)
from dify_hex.application.model_provider.create_model_provider import CreateModelProviderCommand
from dify_hex.application.model_provider.read_models import ModelProviderDetail
from dify_hex.application.model_provider.verify_model_provider import (
    ProviderVerification,
    VerifiedBy,
)
from dify_hex.domain.model_provider.addresses import MAX_URL_LENGTH
from dify_hex.domain.model_provider.features import ModelFeature
from dify_hex.domain.model_provider.model import (
    DEFAULT_CONTEXT_WINDOW,
    MAX_NAME_LENGTH,
    MAX_WINDOW,
    Model,
    ModelType,
)
from dify_hex.domain.model_provider.model_provider import MAX_MODELS
from dify_hex.domain.shared.ids import ModelProviderId
from dify_hex.domain.shared.values.secret_text import SecretText
from dify_hex.entrypoints.http.envelope import Schema

#: What can stand in a header.
_KEY_PATTERN = r"^[!-~]+$"


def _sendable(key: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", key.get_secret_value()):
        raise ValueError("a key is made of printable ASCII characters, without spaces")
    return key


_Kind = Annotated[str, StringConstraints(min_length=1, max_length=50)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=50)]
_BaseUrl = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL_LENGTH)]
_ApiKey = Annotated[
    SecretStr,
    Field(min_length=1, max_length=4096, json_schema_extra={"pattern": _KEY_PATTERN}),
    AfterValidator(_sendable),
]
_Size = Annotated[int, Field(ge=1, le=MAX_WINDOW)]


class ModelBody(Schema):
    """A model as its provider names it; sizes in tokens."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH)] = Field(
        examples=["gpt-4.1-mini"]
    )
    type: ModelType = ModelType.LLM
    context_window: _Size = DEFAULT_CONTEXT_WINDOW
    max_output: _Size | None = Field(None, description="None where the window is the limit.")
    features: tuple[ModelFeature, ...] | None = Field(
        None,
        max_length=len(ModelFeature),
        description="What it can do; null leaves that to what its name tells.",
    )

    def to_domain(self) -> Model:
        """The model."""
        return Model(
            name=self.name,
            type=self.type,
            context_window=self.context_window,
            max_output=self.max_output,
            features=None if self.features is None else frozenset(self.features),
        )

    @classmethod
    def of(cls, model: Model) -> Self:
        """The wire form."""
        return cls(
            name=model.name,
            type=model.type,
            context_window=model.context_window,
            max_output=model.max_output,
            features=None if model.features is None else tuple(sorted(model.features)),
        )


_Models = Annotated[Sequence[ModelBody], Field(max_length=MAX_MODELS)]


class CreateModelProviderRequest(Schema):
    """A provider to plug in."""

    kind: _Kind = Field(
        examples=["openai"],
        description="A vendor, or openai_compatible for any server that speaks its protocol.",
    )
    name: _Name | None = Field(
        None, examples=["openai"], description="By which apps refer to it; else as its kind."
    )
    base_url: _BaseUrl | None = Field(
        None,
        examples=["https://models.example.com/v1"],
        description="Where it is, unless its kind tells.",
    )
    api_key: _ApiKey | None = Field(None, description="Stored encrypted, and never shown.")
    models: _Models | None = Field(
        None, description="What it offers; without it, what its vendor is known for."
    )

    def to_command(self) -> CreateModelProviderCommand:
        """What to plug in."""
        return CreateModelProviderCommand(
            kind=self.kind,
            name=self.name,
            base_url=self.base_url,
            api_key=_secret(self.api_key),
            models=_models(self.models),
        )


class ChangeModelProviderRequest(Schema):
    """What to change; what is left out stays. Changing the address needs the key once more."""

    name: _Name | None = None
    base_url: _BaseUrl | None = Field(None, description="null goes back to the kind's own.")
    api_key: _ApiKey | None = Field(None, description="null forgets the key.")
    models: _Models | None = Field(None, description="Everything it offers from then on.")
    enabled: bool | None = None

    def to_command(
        self, provider_id: UUID, expected_version: int | None
    ) -> ChangeModelProviderCommand:
        """What to change of which provider."""
        named = self.model_fields_set
        return ChangeModelProviderCommand(
            provider_id=ModelProviderId(provider_id),
            name=self.name,
            base_url=Replacement(self.base_url) if "base_url" in named else None,
            api_key=Replacement(_secret(self.api_key)) if "api_key" in named else None,
            models=_models(self.models),
            enabled=self.enabled,
            expected_version=expected_version,
        )


class ModelProviderResponse(Schema):
    """A provider without its key."""

    id: UUID
    name: str
    kind: str
    base_url: str | None = Field(description="null where it is where its kind always is.")
    credential_hint: str | None = Field(
        description="The ends of its key; null without one.", examples=["sk-a…wxyz"]
    )
    models: Sequence[ModelBody]
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, provider: ModelProviderDetail) -> Self:
        """The wire form."""
        return cls(
            id=provider.id,
            name=provider.name,
            kind=provider.kind,
            base_url=provider.base_url,
            credential_hint=provider.credential_hint,
            models=[ModelBody.of(model) for model in provider.models],
            enabled=provider.enabled,
            version=provider.version,
            created_at=provider.created_at,
            updated_at=provider.updated_at,
        )


class VerificationResponse(Schema):
    """A provider that answers to its credential."""

    provider: str
    verified_by: VerifiedBy = Field(description="What it has answered to.")
    missing: Sequence[str] = Field(description="Its models that it does not list.")
    adopted: Sequence[str] = Field(description="Models of its list that it offers from now on.")

    @classmethod
    def of(cls, found: ProviderVerification) -> Self:
        """The wire form."""
        return cls(
            provider=found.provider,
            verified_by=found.verified_by,
            missing=found.missing,
            adopted=found.adopted,
        )


def _secret(key: SecretStr | None) -> SecretText | None:
    return None if key is None else SecretText(key.get_secret_value())


def _models(bodies: Sequence[ModelBody] | None) -> tuple[Model, ...] | None:
    return None if bodies is None else tuple(body.to_domain() for body in bodies)
