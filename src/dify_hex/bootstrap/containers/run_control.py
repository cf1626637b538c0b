"""What can be done with runs from outside: pausing them, answering their forms, their timers."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.workflow.stored_graphs import PostgresStoredGraphs
from dify_hex.adapters.persistence.workflow.timers import PostgresRunTimers
from dify_hex.adapters.security.form_tokens import HmacFormTokens
from dify_hex.application.workflow.answer_form import AnswerForm
from dify_hex.application.workflow.compare_runs import CompareRuns, ShowRunNodes
from dify_hex.application.workflow.pause_run import PauseRun
from dify_hex.application.workflow.replay_run import ReplayRun
from dify_hex.application.workflow.resume_run import ResumeRun
from dify_hex.application.workflow.run_records import RunRecords
from dify_hex.application.workflow.show_form import ListForms, ShowForm
from dify_hex.application.workflow.show_run import ReadRunValue, ShowRun
from dify_hex.application.workflow.sweep_timers import SweepTimers
from dify_hex.bootstrap.index import UseCaseIndex


class RunControlContainer(containers.DeclarativeContainer):
    """Stands on the engine of this process."""

    shared = providers.DependenciesContainer()
    storage = providers.DependenciesContainer()
    workflow = providers.DependenciesContainer()
    nodes = providers.DependenciesContainer()
    objects = providers.DependenciesContainer()

    clock, signals, desk = shared.clock, storage.signals, storage.forms
    runs, values = storage.run_reader, objects.run_values
    tokens = providers.Singleton(HmacFormTokens, shared.keyring)

    pause_run = providers.Singleton(
        PauseRun, control=storage.control, signals=signals, host=workflow.host
    )
    resume_run = providers.Singleton(
        ResumeRun, control=storage.control, signals=signals, host=workflow.host
    )
    answer_form = providers.Singleton(
        AnswerForm, desk=desk, tokens=tokens, signals=signals, clock=clock
    )
    show_form = providers.Singleton(ShowForm, desk=desk, tokens=tokens, clock=clock)
    list_forms = providers.Singleton(ListForms, desk=desk, tokens=tokens, runs=storage.run_reader)
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
        ReplayRun, records=records, runs=runs, nodes=nodes.registry, clock=clock
    )
    sweep_timers = providers.Singleton(
        SweepTimers,
        timers=providers.Singleton(PostgresRunTimers, shared.system_pool),
        signals=signals,
    )


def run_control_use_cases(container: RunControlContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        AnswerForm: container.answer_form,
        CompareRuns: container.compare_runs,
        ReplayRun: container.replay_run,
        ReadRunValue: container.read_value,
        ShowRun: container.show_run,
        ShowRunNodes: container.show_nodes,
        ListForms: container.list_forms,
        PauseRun: container.pause_run,
        ResumeRun: container.resume_run,
        ShowForm: container.show_form,
    }
