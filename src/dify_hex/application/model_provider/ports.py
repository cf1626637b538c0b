"""What the system asks of models, whoever serves them."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from dify_hex.application.model_provider.read_models import (
    CallableProvider,
    ModelProviderDetail,
    UsableModel,
)
from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.model_provider.repository import ModelProviderRepository
from dify_hex.domain.shared.ids import ModelProviderId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelParameters
from dify_hex.domain.shared.values.secret_text import SecretText
from dify_hex.domain.shared.values.usage import Usage


class ChatRole(StrEnum):
    """Whose words a message holds."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model wants called; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSchema:
    """A tool the model may ask for; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatImage:
    """An image for a model to look at: its address, or itself in a `data:` URL.

    `detail` is `high`, `low` or `auto`.
    """

    url: str = field(repr=False)
    detail: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a prompt; `tool_call_id` says which call a tool's message answers.

    Images stand after the text; only a user's message has any.
    """

    role: ChatRole
    content: str
    images: tuple[ChatImage, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEndpoint:
    """Where a model is and how to be let in.

    `provider_kind` is a row of `domain.model_provider.kinds`. `trusted` marks an address that the
    operator has set: it may be a private one, which a tenant's may not.
    """

    provider_kind: str
    model: str
    base_url: str | None = None
    api_key: SecretText | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One call of a chat model; the time limits are in seconds of the model's silence.

    `idempotency_key` is the same whenever the same effect is attempted again. `response_format`
    is a JSON schema that the answer has to satisfy; `tool_choice` names the tool that the model
    has to call. `traceparent` is the trace that the call is a part of, as W3C writes it.
    """

    endpoint: ModelEndpoint
    messages: tuple[ChatMessage, ...]
    parameters: ModelParameters
    idempotency_key: str
    tools: tuple[ToolSchema, ...] = ()
    tool_choice: str | None = None
    response_format: JsonObject | None = None
    traceparent: str | None = None
    first_token_timeout: float = 60.0
    token_timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDelta:
    """The next piece of a tool call; `id` and `name` come with a call's first piece."""

    index: int
    id: str | None
    name: str | None
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFinished:
    """The last event: why the model stopped, and what it used if the provider says so."""

    finish_reason: str
    usage: Usage | None


ChatEvent = TextDelta | ReasoningDelta | ToolCallDelta | ChatFinished


class ChatModel(Protocol):
    """Talks with a model; one object serves every call of a process."""

    @abstractmethod
    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """The answer as it comes; `ChatFinished` is always its last event.

        Closing the generator, or cancelling its reader, ends the call upstream at once.

        Raises:
            ModelAuthenticationFailed, ModelNotFound, ModelRateLimited, ModelContextTooLong,
            ModelContentFiltered, ModelBadRequest, ModelUnavailable, ModelTimeout, ModelStreamCut:
            see `domain.model_provider.errors`; some of them also after the first events.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingResult:
    """One vector per text, in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage | None


class Embedder(Protocol):
    """Turns texts into vectors."""

    @abstractmethod
    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        """Vectors of the texts within `timeout` seconds; the errors are those of `ChatModel`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedText:
    """The place of a text in what was given, and how relevant it is, from 0 to 1."""

    index: int
    score: float


class RerankModel(Protocol):
    """Orders texts by how well they answer a question."""

    @abstractmethod
    async def rerank(
        self, endpoint: ModelEndpoint, query: str, texts: Sequence[str], *, timeout: float
    ) -> Sequence[RankedText]:
        """All texts, the most relevant first; the errors are those of `ChatModel`."""


class TokenCounter(Protocol):
    """Counts as models do, or close to it."""

    @abstractmethod
    async def count(self, model: str, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; an estimate where the model's own vocabulary is not known."""


class ModelCatalogue(Protocol):
    """Asks a provider which models it serves."""

    @abstractmethod
    async def offered_models(
        self, endpoint: ModelEndpoint, *, timeout: float
    ) -> tuple[str, ...] | None:
        """Names of the models the credential may use, sorted; None where one cannot ask.

        Raises:
            ModelAuthenticationFailed, ModelRateLimited, ModelUnavailable, ModelTimeout.
        """


class ModelProviderReader(Protocol):
    """Reads model providers without building aggregates."""

    @abstractmethod
    async def list_providers(
        self, tenant_id: TenantId, page: PageRequest, *, q: str | None = None
    ) -> Page[ModelProviderDetail]:
        """A page of the tenant's providers; `q` is a part of the name."""

    @abstractmethod
    async def get_provider(
        self, tenant_id: TenantId, provider_id: ModelProviderId
    ) -> ModelProviderDetail:
        """The provider of that id.

        Raises:
            ModelProviderNotFound: the tenant has none.
        """

    @abstractmethod
    async def find_callable(self, tenant_id: TenantId, name: str) -> CallableProvider | None:
        """What a call of the provider of that name needs, if the tenant has it."""

    @abstractmethod
    async def list_usable_models(
        self, tenant_id: TenantId, *, type: ModelType | None = None
    ) -> Sequence[UsableModel]:
        """The models of all enabled providers, by provider and name."""


class SecretBox(Protocol):
    """Seals secrets so that the database alone does not give them away."""

    @abstractmethod
    def seal(self, secret: SecretText, *, context: str) -> bytes:
        """The secret, encrypted and bound to `context`."""

    @abstractmethod
    def open(self, blob: bytes, *, context: str) -> SecretText:
        """The secret again.

        Raises:
            ModelCredentialUnreadable: it was sealed with another key or for another context, or
                the blob was changed.
        """


class ModelProviderWork(UnitOfWork, Protocol):
    """A unit of work that knows model providers."""

    @property
    @abstractmethod
    def model_providers(self) -> ModelProviderRepository:
        """The tenant's model providers."""


class AddressGuard(Protocol):
    """Keeps calls of tenants away from the operator's own network."""

    @abstractmethod
    async def check(self, base_url: str) -> None:
        """Refuse an address that leads into a private network.

        Raises:
            ModelBaseUrlInvalid: with the reason `private_address`.
        """
