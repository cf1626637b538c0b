"""What can be done with runs from outside: pausing them, answering their forms, their timers."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.workflow.timers import PostgresRunTimers
from dify_hex.adapters.security.form_tokens import HmacFormTokens
from dify_hex.application.workflow.answer_form import AnswerForm
from dify_hex.application.workflow.form_files import FormFiles
from dify_hex.application.workflow.pause_run import PauseRun
from dify_hex.application.workflow.resume_run import ResumeRun
from dify_hex.application.workflow.show_form import ListForms, ShowForm
from dify_hex.application.workflow.sweep_timers import SweepTimers
from dify_hex.application.workflow.upload_form_file import UploadFormFile
from dify_hex.bootstrap.index import UseCaseIndex


class RunControlContainer(containers.DeclarativeContainer):
    """Stands on the engine of this process."""

    shared = providers.DependenciesContainer()
    storage = providers.DependenciesContainer()
    workflow = providers.DependenciesContainer()
    file = providers.DependenciesContainer()

    clock, signals, desk = shared.clock, storage.signals, storage.forms
    tokens = providers.Singleton(HmacFormTokens, shared.keyring)

    pause_run = providers.Singleton(
        PauseRun, control=storage.control, signals=signals, host=workflow.host
    )
    resume_run = providers.Singleton(
        ResumeRun, control=storage.control, signals=signals, host=workflow.host
    )
    form_files = providers.Singleton(
        FormFiles, begin=shared.begin, intake=file.intake, limits=file.limits, clock=clock
    )
    answer_form = providers.Singleton(
        AnswerForm, desk=desk, tokens=tokens, files=form_files, signals=signals, clock=clock
    )
    upload_form_file = providers.Singleton(
        UploadFormFile,
        desk=desk,
        tokens=tokens,
        runs=storage.run_reader,
        files=form_files,
        clock=clock,
    )
    show_form = providers.Singleton(ShowForm, desk=desk, tokens=tokens, clock=clock)
    list_forms = providers.Singleton(ListForms, desk=desk, tokens=tokens, runs=storage.run_reader)
    sweep_timers = providers.Singleton(
        SweepTimers,
        timers=providers.Singleton(PostgresRunTimers, shared.system_pool),
        signals=signals,
    )


def run_control_use_cases(container: RunControlContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {
        AnswerForm: container.answer_form,
        ListForms: container.list_forms,
        PauseRun: container.pause_run,
        ResumeRun: container.resume_run,
        ShowForm: container.show_form,
        UploadFormFile: container.upload_form_file,
    }
