"""How long runs are kept."""

from datetime import timedelta

import asyncpg
from dependency_injector import containers, providers
from pydantic import SecretStr

from dify_hex.adapters.persistence.workflow.kept_runs import PostgresKeptRuns
from dify_hex.application.workflow.retention import Retention, SweepOldRuns
from dify_hex.bootstrap.settings import RunSettings


def _kept_runs(pool: asyncpg.Pool, admin_url: SecretStr | None) -> PostgresKeptRuns:
    return PostgresKeptRuns(pool, admin_url.get_secret_value() if admin_url else None)


def _retention(settings: RunSettings) -> Retention:
    days = settings.keep_days
    return Retention(
        age=None if days is None else timedelta(days=days), per_app=settings.keep_per_app
    )


class RunRetentionContainer(containers.DeclarativeContainer):
    """One sweep, of the worker."""

    shared = providers.DependenciesContainer()
    objects = providers.DependenciesContainer()

    sweep_old_runs = providers.Singleton(
        SweepOldRuns,
        runs=providers.Singleton(
            _kept_runs, shared.system_pool, shared.endpoints.provided.database_admin_url
        ),
        values=objects.run_values,
        clock=shared.clock,
        retention=providers.Singleton(_retention, shared.settings.provided.run),
    )
