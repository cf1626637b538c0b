"""What every slice stands on: settings, clock, connections, units of work, limits, figures."""

from functools import partial

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.adapters.telemetry.prometheus import PrometheusTelemetry
from dify_hex.application.shared.clock import SystemClock
from dify_hex.bootstrap.connections import database_engine, http_client, redis_client
from dify_hex.bootstrap.endpoints import Endpoints
from dify_hex.bootstrap.settings import Settings


class SharedContainer(containers.DeclarativeContainer):
    """One of each per process; nothing connects before it is first used."""

    settings = providers.Dependency(instance_of=Settings)
    endpoints = providers.Dependency(instance_of=Endpoints)

    clock = providers.Singleton(SystemClock)
    telemetry = providers.Singleton(PrometheusTelemetry)

    engine = providers.Singleton(
        database_engine,
        endpoints.provided.database_url,
        settings.provided.pool.database_connections,
        "api",
    )
    system_engine = providers.Singleton(
        database_engine,
        endpoints.provided.database_system_url,
        settings.provided.pool.database_system_connections,
        "system",
    )
    redis = providers.Singleton(redis_client, endpoints.provided.redis_url, settings.provided.pool)
    http_client = providers.Singleton(http_client, settings.provided.pool)

    #: `begin(tenant_id)`, the unit of work of every slice.
    begin = providers.Singleton(partial, SqlUnitOfWork, engine)
    #: `reads(tenant_id)`, the read-only transaction of every reader.
    reads = providers.Singleton(tenant_reads, engine)
