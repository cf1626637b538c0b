"""The model provider slice: the installation's models, those of tenants, and their use cases."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.model_provider.reader import SqlModelProviderReader
from dify_hex.adapters.security.envelope import EnvelopeSecretBox
from dify_hex.application.model_provider.change_model_provider import ChangeModelProvider
from dify_hex.application.model_provider.create_model_provider import CreateModelProvider
from dify_hex.application.model_provider.delete_model_provider import DeleteModelProvider
from dify_hex.application.model_provider.list_models import ListModels
from dify_hex.application.model_provider.ports import ModelProviderReader
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.model_provider.tenant_addresses import TenantAddresses
from dify_hex.application.model_provider.verify_model_provider import VerifyModelProvider
from dify_hex.bootstrap.built_in_models import built_in_models
from dify_hex.bootstrap.index import UseCaseIndex


class ModelsContainer(containers.DeclarativeContainer):
    """Everything that can be asked of models and their providers."""

    shared = providers.DependenciesContainer()
    calls = providers.DependenciesContainer()
    chat_model, token_counter = calls.chat_model, calls.token_counter

    built_in = providers.Singleton(built_in_models, shared.endpoints, shared.settings)
    reader = providers.Singleton(SqlModelProviderReader, shared.reads)
    secrets = providers.Singleton(EnvelopeSecretBox, shared.keyring)
    addresses = providers.Singleton(
        TenantAddresses, calls.guard, private_allowed=calls.private_allowed
    )
    resolve_model = providers.Singleton(
        ResolveModel, providers=reader, secrets=secrets, built_in=built_in
    )

    create = providers.Factory(CreateModelProvider, begin=shared.begin, clock=shared.clock)
    create.add_kwargs(secrets=secrets, addresses=addresses)
    change = providers.Factory(ChangeModelProvider, begin=shared.begin, clock=shared.clock)
    change.add_kwargs(secrets=secrets, addresses=addresses)
    delete = providers.Factory(DeleteModelProvider, begin=shared.begin, clock=shared.clock)
    verify = providers.Factory(VerifyModelProvider, begin=shared.begin, clock=shared.clock)
    verify.add_kwargs(secrets=secrets, catalogue=calls.catalogue)
    verify.add_kwargs(chat_model=calls.chat_model, embedder=calls.embedder)
    verify.add_kwargs(reranker=calls.reranker)
    list_models = providers.Factory(ListModels, providers=reader, built_in=built_in)


def model_use_cases(container: ModelsContainer) -> UseCaseIndex:
    """What routes may ask for: each use case by its class, the reader by its port."""
    made = [item for item in container.providers.values() if isinstance(item, providers.Factory)]
    return {
        **{item.provides: item for item in made if isinstance(item.provides, type)},
        ModelProviderReader: container.reader,
    }
