"""The way out to servers that tenants name: one guarded client per process."""

from dependency_injector import containers, providers

from dify_hex.adapters.outbound_http.client import GuardedOutboundHttp
from dify_hex.adapters.outbound_http.fair_shares import FairShares
from dify_hex.adapters.outbound_http.pool import make_pool
from dify_hex.adapters.outbound_http.resolver import SystemResolver
from dify_hex.adapters.outbound_http.sending import Sender
from dify_hex.application.shared.outbound_http import OutboundLimits
from dify_hex.bootstrap.settings import OutboundSettings
from dify_hex.domain.shared.values.outbound_rules import OutboundRules


def _rules(settings: OutboundSettings) -> OutboundRules:
    return OutboundRules.parse(opened=settings.opened, only=settings.only, denied=settings.denied)


def _ceiling(settings: OutboundSettings) -> OutboundLimits:
    return OutboundLimits(
        connect_seconds=settings.max_seconds,
        read_seconds=settings.max_seconds,
        write_seconds=settings.max_seconds,
        total_seconds=settings.max_seconds,
        max_body_bytes=settings.max_body_bytes,
        max_redirects=settings.max_redirects,
    )


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
            rules=providers.Singleton(_rules, settings),
        ),
        shares=providers.Singleton(FairShares, settings.connections_per_tenant),
        ceiling=providers.Singleton(_ceiling, settings),
        telemetry=shared.telemetry,
    )
