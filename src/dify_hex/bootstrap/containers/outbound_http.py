"""The way out to servers that tenants name: one guarded client per process."""

from dependency_injector import containers, providers

from dify_hex.adapters.outbound_http.client import GuardedOutboundHttp
from dify_hex.adapters.outbound_http.fair_shares import FairShares
from dify_hex.adapters.outbound_http.pool import make_pool
from dify_hex.adapters.outbound_http.resolver import SystemResolver
from dify_hex.adapters.outbound_http.sending import Sender
from dify_hex.bootstrap.outbound import ceiling_of, rules_of, tenants_rules_of


class OutboundHttpContainer(containers.DeclarativeContainer):
    """The client, and the resolver that it asks; both are closed by the process's lifespan."""

    shared = providers.DependenciesContainer()
    settings = shared.settings.provided.outbound

    resolver = providers.Singleton(SystemResolver)
    client = providers.Singleton(
        GuardedOutboundHttp,
        sender=providers.Singleton(
            Sender,
            pool=providers.Singleton(
                make_pool, connections=settings.connections, ca_file=settings.ca_file
            ),
            resolver=resolver,
            rules=providers.Singleton(rules_of, settings),
            tenants_rules=providers.Singleton(tenants_rules_of, settings),
        ),
        shares=providers.Singleton(FairShares, settings.connections_per_tenant),
        ceiling=providers.Singleton(ceiling_of, settings),
        telemetry=shared.telemetry,
    )
