"""Runs that begin from other runs."""

from dependency_injector import containers, providers

from dify_hex.application.app.branching import Branching
from dify_hex.application.app.fork_run import ForkRun
from dify_hex.application.app.retry_run import RetryRun
from dify_hex.bootstrap.index import UseCaseIndex


class RunBranchesContainer(containers.DeclarativeContainer):
    """Retries and forks."""

    shared = providers.DependenciesContainer()
    storage = providers.DependenciesContainer()
    apps = providers.DependenciesContainer()
    app_runs = providers.DependenciesContainer()
    workflow = providers.DependenciesContainer()
    history = providers.DependenciesContainer()
    objects = providers.DependenciesContainer()

    branching = providers.Singleton(
        Branching,
        begin=shared.begin,
        records=history.records,
        runs=storage.run_reader,
        graphs=storage.graphs,
        events=storage.events,
        host=workflow.host,
        clock=shared.clock,
        values=objects.run_values,
    )
    retry_run = providers.Singleton(RetryRun, branching=branching)
    fork_run = providers.Singleton(
        ForkRun,
        begin=shared.begin,
        branching=branching,
        apps=apps.runnable_apps,
        graphs=storage.graphs,
        inputs=app_runs.flow_inputs,
    )


def run_branch_use_cases(container: RunBranchesContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {ForkRun: container.fork_run, RetryRun: container.retry_run}
