"""What every slice stands on: settings, clock, connections, units of work, limits, figures."""

from functools import partial

from dependency_injector import containers, providers

from dify_hex.adapters.arq.invitations import ArqInvitations
from dify_hex.adapters.persistence.idempotency import SqlIdempotencyStore
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.adapters.redis.rate_limiter import RedisRateLimiter
from dify_hex.adapters.security.master_key import load_keyring
from dify_hex.adapters.telemetry.faults import LoggedFaults
from dify_hex.adapters.telemetry.prometheus import PrometheusTelemetry
from dify_hex.application.shared.clock import SystemClock
from dify_hex.bootstrap.connections import (
    database_engine,
    database_pool,
    redis_client,
)
from dify_hex.bootstrap.endpoints import Endpoints
from dify_hex.bootstrap.http_clients import http_client
from dify_hex.bootstrap.settings import Settings


class SharedContainer(containers.DeclarativeContainer):
    """One of each per process; nothing connects before it is first used."""

    settings = providers.Dependency(instance_of=Settings)
    endpoints = providers.Dependency(instance_of=Endpoints)
    #: What the process calls itself in leases and on its servers: unique among all processes.
    process_name = providers.Dependency(instance_of=str)

    clock = providers.Singleton(SystemClock)
    keyring = providers.Singleton(load_keyring, settings.provided.secret_key_path)
    telemetry = providers.Singleton(PrometheusTelemetry)
    faults = providers.Singleton(LoggedFaults)

    pool_settings = settings.provided.pool
    #: The application's login: through the ORM, and bare for the paths that must be lean.
    engine = providers.Singleton(
        database_engine,
        endpoints.provided.database_url,
        pool_settings.database_connections,
        process_name,
    )
    pool = providers.Singleton(
        database_pool,
        endpoints.provided.database_url,
        pool_settings.database_lean_connections,
        process_name,
    )
    #: The system's login, which sees every tenant: scheduler, relay, sweeps.
    system_pool = providers.Singleton(
        database_pool,
        endpoints.provided.database_system_url,
        pool_settings.database_system_connections,
        process_name,
    )
    redis = providers.Singleton(redis_client, endpoints.provided.redis_url, pool_settings)
    http_client = providers.Singleton(http_client, pool_settings)
    rate_limiter = providers.Singleton(RedisRateLimiter, redis)
    #: Invites workers to background jobs once they are committed.
    invitations = providers.Singleton(ArqInvitations, redis)

    #: `begin(tenant_id)`, the unit of work of every slice.
    begin = providers.Singleton(partial, SqlUnitOfWork, engine, announcer=invitations)
    #: `reads(tenant_id)`, the read-only transaction of every reader.
    reads = providers.Singleton(tenant_reads, engine)
    idempotency = providers.Singleton(SqlIdempotencyStore, pool)
