"""The workflow slice: the engine of this process, and what may be asked of runs."""

from dependency_injector import containers, providers

from dify_hex.application.workflow.engine.claimer import RunClaimer
from dify_hex.application.workflow.engine.lease_keeper import LeaseKeeper
from dify_hex.application.workflow.engine.leaving import LeavingWatch
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.engine.run_loader import RunLoader
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.application.workflow.journal_watch import JournalWatch
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.start_run import StartRun
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.bootstrap.index import UseCaseIndex


class WorkflowContainer(containers.DeclarativeContainer):
    """One engine per process."""

    shared, storage = providers.DependenciesContainer(), providers.DependenciesContainer()
    nodes, objects = providers.DependenciesContainer(), providers.DependenciesContainer()
    capacity = providers.Dependency(instance_of=int)
    leases, signals, answers = storage.leases, storage.signals, storage.answers

    loader = providers.Singleton(
        RunLoader,
        journal=storage.journal,
        stream=storage.stream,
        stored_runs=storage.control,
        graphs=storage.graphs,
        events=storage.events,
        nodes=nodes.registry,
        clock=shared.clock,
        faults=shared.faults,
        answers=answers,
        surroundings=nodes.surroundings,
        values=objects.run_values,
    )
    host = providers.Singleton(
        RunHost,
        owner=shared.process_name,
        capacity=capacity,
        loader=loader,
        faults=shared.faults,
        telemetry=shared.telemetry,
        leases=leases,
        signals=signals,
    )
    keeper = providers.Singleton(
        LeaseKeeper, host=host, leases=leases, signals=signals, answers=answers
    )
    claimer = providers.Singleton(
        RunClaimer, host=host, leases=leases, signals=signals, faults=shared.faults
    )
    leaving = providers.Singleton(LeavingWatch, host=host, stream=storage.stream)
    start_run = providers.Singleton(
        StartRun,
        owner=shared.process_name,
        clock=shared.clock,
        graphs=storage.graphs,
        events=storage.events,
        nodes=nodes.registry,
        secrets=nodes.run_secrets,
        values=objects.run_values,
    )
    stop_run = providers.Factory(
        StopRun, control=storage.control, leases=leases, signals=signals, host=host
    )
    watch = providers.Singleton(JournalWatch, storage.journal)
    follow_run = providers.Singleton(FollowRun, stream=storage.stream, watch=watch)


def workflow_use_cases(container: WorkflowContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        FollowRun: container.follow_run,
        RunReader: container.storage.run_reader,
        StopRun: container.stop_run,
    }
