"""Looking back at runs: what they did, two beside each other, and replayed."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.workflow.stored_graphs import PostgresStoredGraphs
from dify_hex.application.workflow.compare_runs import CompareRuns, ShowRunNodes
from dify_hex.application.workflow.replay_run import ReplayRun
from dify_hex.application.workflow.run_records import RunRecords
from dify_hex.application.workflow.show_run import ReadRunValue, ShowRun
from dify_hex.bootstrap.index import UseCaseIndex


class RunHistoryContainer(containers.DeclarativeContainer):
    """Stands on what was stored, and changes nothing."""

    shared = providers.DependenciesContainer()
    storage = providers.DependenciesContainer()
    nodes = providers.DependenciesContainer()
    objects = providers.DependenciesContainer()

    runs, values = storage.run_reader, objects.run_values
    records = providers.Singleton(
        RunRecords,
        journal=storage.journal,
        stored_runs=storage.control,
        stored_graphs=providers.Singleton(PostgresStoredGraphs, shared.pool),
        graphs=storage.graphs,
        events=storage.events,
        values=values,
    )
    show_run = providers.Singleton(ShowRun, runs=runs, values=values)
    read_value = providers.Singleton(ReadRunValue, runs=runs, values=values)
    show_nodes = providers.Singleton(ShowRunNodes, records=records, runs=runs)
    compare_runs = providers.Singleton(CompareRuns, records=records, runs=runs)
    replay_run = providers.Singleton(
        ReplayRun,
        records=records,
        runs=runs,
        nodes=nodes.registry,
        clock=shared.clock,
        surroundings=nodes.surroundings,
    )


def run_history_use_cases(container: RunHistoryContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        CompareRuns: container.compare_runs,
        ReadRunValue: container.read_value,
        ReplayRun: container.replay_run,
        ShowRun: container.show_run,
        ShowRunNodes: container.show_nodes,
    }
