"""The outbox: its relay, and everything that reacts to events."""

import asyncpg
from dependency_injector import containers, providers
from pydantic import SecretStr

from dify_hex.adapters.persistence.outbox import SqlOutboxStore
from dify_hex.adapters.persistence.outbox_reader import SqlOutboxReader
from dify_hex.adapters.persistence.workflow.paused_runs import SqlPausedRuns
from dify_hex.application.app.on_app_archived import StopPausedRuns
from dify_hex.application.knowledge.on_task_failed import EndAbandonedIndexing
from dify_hex.application.shared.relay import OutboxRelay


def _store(system_pool: asyncpg.Pool, url: SecretStr) -> SqlOutboxStore:
    return SqlOutboxStore(system_pool, url.get_secret_value())


class OutboxContainer(containers.DeclarativeContainer):
    """One relay per worker; a handler is one line here."""

    shared = providers.DependenciesContainer()
    storage = providers.DependenciesContainer()

    store = providers.Singleton(
        _store, shared.system_pool, shared.endpoints.provided.database_system_url
    )
    reader = providers.Singleton(SqlOutboxReader, shared.system_pool)
    handlers = providers.List(
        providers.Singleton(
            StopPausedRuns,
            paused_runs=providers.Singleton(SqlPausedRuns, shared.pool),
            signals=storage.signals,
        ),
        providers.Singleton(EndAbandonedIndexing, begin=shared.begin, clock=shared.clock),
    )
    relay = providers.Singleton(
        OutboxRelay, store=store, reader=reader, handlers=handlers, telemetry=shared.telemetry
    )
