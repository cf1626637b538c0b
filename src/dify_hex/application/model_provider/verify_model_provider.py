"""Asking a provider whether its credential lets us in."""

from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.application.model_provider.endpoints import endpoint_of
from dify_hex.application.model_provider.ports import (
    ChatMessage,
    ChatModel,
    ChatRequest,
    ChatRole,
    Embedder,
    ModelCatalogue,
    ModelEndpoint,
    ModelProviderWork,
    RerankModel,
    SecretBox,
)
from dify_hex.application.model_provider.read_models import CallableProvider
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.errors import ModelProviderIsEmpty
from dify_hex.domain.model_provider.model import Model, ModelType, model_listed_as
from dify_hex.domain.model_provider.model_provider import MAX_MODELS, ModelProvider
from dify_hex.domain.shared.ids import ModelProviderId
from dify_hex.domain.shared.values.model_config import ModelParameters

#: Seconds for the whole answer of a catalogue or an embedder, or for a chat's first token.
TIMEOUT = 20.0
_PROBE = "Hi"


class VerifiedBy(StrEnum):
    """What the provider has answered to."""

    CATALOGUE = "catalogue"
    CHAT = "chat"
    EMBEDDING = "embedding"
    RERANK = "rerank"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyModelProviderCommand:
    """Which provider."""

    provider_id: ModelProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderVerification:
    """A provider that answers to its credential.

    `missing` are models that it was given and does not list; `adopted` those of its catalogue
    that it has begun to offer.
    """

    provider: str
    verified_by: VerifiedBy
    missing: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()


class VerifyModelProvider:
    """Calls a provider, to see whether it answers.

    - It is asked for its list of models, which costs nothing; one that has no such list is made
      to say a single token by the first of its models.
    - A provider that was given no models begins to offer those it lists.
    - A disabled provider can be asked too.
    - Nothing is locked while the provider thinks.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[ModelProviderWork],
        clock: Clock,
        secrets: SecretBox,
        catalogue: ModelCatalogue,
        chat_model: ChatModel,
        embedder: Embedder,
        reranker: RerankModel,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._secrets = secrets
        self._catalogue = catalogue
        self._chat_model = chat_model
        self._embedder = embedder
        self._reranker = reranker

    async def execute(
        self, actor: Actor, command: VerifyModelProviderCommand
    ) -> ProviderVerification:
        """Ask it.

        Raises:
            ModelProviderNotFound: there is no such provider.
            ModelProviderIsEmpty: it has no models, and does not list those it serves.
            ModelCredentialUnreadable: its credential was sealed with a key that is gone.
            ModelAuthenticationFailed, ModelRateLimited, ModelUnavailable, ModelTimeout: the
                provider refuses or is away; so with every error of `ChatModel`.
        """
        actor.require(Permission.MODEL_WRITE)
        async with self._begin(actor.tenant_id) as work:
            provider = await work.model_providers.get(command.provider_id)
        models = provider.state.models
        endpoint = endpoint_of(
            actor.tenant_id,
            CallableProvider.of(provider),
            models[0].name if models else "",
            self._secrets,
        )
        offered = await self._catalogue.offered_models(endpoint, timeout=TIMEOUT)
        if offered is None:
            return await self._call(provider, endpoint)
        if not models:
            return await self._adopt(actor, provider.id, offered)
        return ProviderVerification(
            provider=provider.state.name,
            verified_by=VerifiedBy.CATALOGUE,
            missing=tuple(model.name for model in models if model.name not in offered),
        )

    async def _call(self, provider: ModelProvider, endpoint: ModelEndpoint) -> ProviderVerification:
        name = provider.state.name
        model = provider.state.model(endpoint.model)
        if model is None:
            raise ModelProviderIsEmpty(provider=name)
        if model.type is ModelType.EMBEDDING:
            await self._embedder.embed(endpoint, [_PROBE], timeout=TIMEOUT)
            return ProviderVerification(provider=name, verified_by=VerifiedBy.EMBEDDING)
        if model.type is ModelType.RERANK:
            await self._reranker.rerank(endpoint, _PROBE, [_PROBE], timeout=TIMEOUT)
            return ProviderVerification(provider=name, verified_by=VerifiedBy.RERANK)
        request = ChatRequest(
            endpoint=endpoint,
            messages=(ChatMessage(role=ChatRole.USER, content=_PROBE),),
            parameters=ModelParameters(max_tokens=1),
            idempotency_key=str(new_id()),
            first_token_timeout=TIMEOUT,
            token_timeout=TIMEOUT,
        )
        async with aclosing(self._chat_model.stream(request)) as events:
            async for _ in events:
                break
        return ProviderVerification(provider=name, verified_by=VerifiedBy.CHAT)

    async def _adopt(
        self, actor: Actor, provider_id: ModelProviderId, offered: tuple[str, ...]
    ) -> ProviderVerification:
        listed = tuple(model for name in offered if (model := model_listed_as(name)) is not None)
        async with self._begin(actor.tenant_id) as work:
            provider = await work.model_providers.get(provider_id)
            adopted: tuple[Model, ...] = ()
            if not provider.state.models:
                adopted = listed[:MAX_MODELS]
                provider.offer(adopted, now=self._clock.now(), by=actor.caller_id)
            await work.commit()
        return ProviderVerification(
            provider=provider.state.name,
            verified_by=VerifiedBy.CATALOGUE,
            adopted=tuple(model.name for model in adopted),
        )
