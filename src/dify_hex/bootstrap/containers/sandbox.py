"""The way to the sandbox: one client per process."""

from dependency_injector import containers, providers

from dify_hex.adapters.sandbox.client import SandboxClient
from dify_hex.adapters.sandbox.service_address import ServiceAddress
from dify_hex.bootstrap.endpoints import Endpoints


def address_of(endpoints: Endpoints) -> ServiceAddress:
    """Where the endpoints say that the sandbox is; nowhere, when they say nothing."""
    token = endpoints.sandbox_token
    if endpoints.sandbox_url is None:
        return ServiceAddress()
    secret = token.get_secret_value() if token else ""
    return ServiceAddress.parse(endpoints.sandbox_url, secret)


class SandboxContainer(containers.DeclarativeContainer):
    """What runs code, seen from a process that wants some run."""

    shared = providers.DependenciesContainer()

    client = providers.Singleton(
        SandboxClient, providers.Singleton(address_of, shared.endpoints), shared.telemetry
    )
