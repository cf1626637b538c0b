"""How models are called: the pools, the adapters of each protocol, and who guards addresses."""

from dependency_injector import containers, providers

from dify_hex.adapters.http_client.public_network import AnyAddress, ResolvingAddressGuard
from dify_hex.adapters.litellm.chat_model import LiteLLMChatModel
from dify_hex.adapters.litellm.embedder import LiteLLMEmbedder
from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.adapters.litellm.rerank_model import LiteLLMRerankModel
from dify_hex.adapters.openai.catalogue import OpenAIModelCatalogue
from dify_hex.adapters.openai.chat_model import OpenAIChatModel
from dify_hex.adapters.openai.connection import Clients
from dify_hex.adapters.openai.embedder import OpenAIEmbedder
from dify_hex.adapters.openai.rerank_model import OpenAIRerankModel
from dify_hex.adapters.openai.token_counter import TiktokenCounter
from dify_hex.application.model_provider.measured_chat_model import MeasuredChatModel
from dify_hex.application.model_provider.ports import AddressGuard
from dify_hex.application.model_provider.routing import (
    Catalogues,
    ChatModels,
    Embedders,
    RerankModels,
)
from dify_hex.bootstrap.http_clients import tenants_http_client


def _guard(private_allowed: bool) -> AddressGuard:
    return AnyAddress() if private_allowed else ResolvingAddressGuard()


class ModelCallsContainer(containers.DeclarativeContainer):
    """One of each per process; LiteLLM and token tables are loaded by the first call for them."""

    shared = providers.DependenciesContainer()
    private_allowed = shared.settings.provided.model.private_addresses

    guard = providers.Singleton(_guard, private_allowed)
    tenants_pool = providers.Singleton(
        tenants_http_client, shared.pool_settings, private_allowed=private_allowed
    )
    clients = providers.Singleton(Clients, operator=shared.http_client, tenants=tenants_pool)
    gateway = providers.Singleton(LiteLLMGateway, client=tenants_pool, guard=guard)

    chat_model = providers.Singleton(
        MeasuredChatModel,
        providers.Singleton(
            ChatModels,
            native=providers.Singleton(OpenAIChatModel, clients),
            gateway=providers.Singleton(LiteLLMChatModel, gateway),
        ),
        telemetry=shared.telemetry,
    )
    embedder = providers.Singleton(
        Embedders,
        native=providers.Singleton(OpenAIEmbedder, clients),
        gateway=providers.Singleton(LiteLLMEmbedder, gateway),
    )
    reranker = providers.Singleton(
        RerankModels,
        native=providers.Singleton(OpenAIRerankModel, clients),
        gateway=providers.Singleton(LiteLLMRerankModel, gateway),
    )
    catalogue = providers.Singleton(
        Catalogues, native=providers.Singleton(OpenAIModelCatalogue, clients)
    )
    token_counter = providers.Singleton(TiktokenCounter)
