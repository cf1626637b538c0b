"""The root of the object graph: it composes the slices' containers and nothing else."""

from dependency_injector import containers, providers

from dify_hex.bootstrap.containers.account import AccountContainer
from dify_hex.bootstrap.containers.credentials import CredentialsContainer
from dify_hex.bootstrap.containers.shared import SharedContainer
from dify_hex.bootstrap.endpoints import Endpoints
from dify_hex.bootstrap.settings import Settings


class Container(containers.DeclarativeContainer):
    """Every slice, over one shared foundation."""

    settings = providers.Dependency(instance_of=Settings)
    endpoints = providers.Dependency(instance_of=Endpoints)

    process_name = providers.Dependency(instance_of=str)

    shared = providers.Container(
        SharedContainer, settings=settings, endpoints=endpoints, process_name=process_name
    )
    credentials = providers.Container(CredentialsContainer, shared=shared)
    account = providers.Container(AccountContainer, shared=shared, tools=credentials)
