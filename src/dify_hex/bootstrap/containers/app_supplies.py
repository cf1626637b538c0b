"""What apps supply to runs: secrets, and workflows to link to."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.workflow.stored_graphs import PostgresStoredGraphs
from dify_hex.adapters.security.envelope import EnvelopeSecretBox
from dify_hex.application.app.app_secrets import AppRunSecrets
from dify_hex.application.app.drop_app_secret import DropAppSecret
from dify_hex.application.app.keep_app_secret import KeepAppSecret
from dify_hex.application.app.linked_apps import LinkedApps
from dify_hex.application.app.list_app_secrets import ListAppSecrets
from dify_hex.application.app.run_retention import SetRunRetention, ShowRunRetention
from dify_hex.application.workflow.engine.run_surroundings import RunSurroundings
from dify_hex.bootstrap.index import UseCaseIndex


class AppSuppliesContainer(containers.DeclarativeContainer):
    """Everything that a run takes from apps, and what it takes to provide it."""

    shared = providers.DependenciesContainer()
    apps = providers.DependenciesContainer()

    begin, graphs = shared.begin, apps.graphs
    box = providers.Singleton(EnvelopeSecretBox, shared.keyring)
    run_secrets = providers.Singleton(AppRunSecrets, begin=begin, box=box)
    workflows = providers.Singleton(
        LinkedApps, begin=begin, apps=apps.runnable_apps, graphs=graphs, secrets=run_secrets
    )
    stored_graphs = providers.Singleton(PostgresStoredGraphs, shared.pool)
    surroundings = providers.Singleton(RunSurroundings, graphs, stored_graphs, run_secrets)
    keep_app_secret = providers.Factory(KeepAppSecret, begin=begin, clock=shared.clock, box=box)
    drop_app_secret = providers.Factory(DropAppSecret, begin=begin)
    list_app_secrets = providers.Factory(ListAppSecrets, begin=begin)
    set_run_retention = providers.Factory(SetRunRetention, begin=begin)
    show_run_retention = providers.Factory(ShowRunRetention, begin=begin)


def app_supply_use_cases(container: AppSuppliesContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        DropAppSecret: container.drop_app_secret,
        KeepAppSecret: container.keep_app_secret,
        ListAppSecrets: container.list_app_secrets,
        SetRunRetention: container.set_run_retention,
        ShowRunRetention: container.show_run_retention,
    }
