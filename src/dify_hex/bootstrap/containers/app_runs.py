"""The app slice, where it runs: workflows that are begun by hand."""

from datetime import timedelta

from dependency_injector import containers, providers

from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.application.app.flow_inputs import FlowInputs
from dify_hex.application.app.read_request import ReadRequest
from dify_hex.application.app.run_workflow import RunWorkflow
from dify_hex.bootstrap.index import UseCaseIndex


class AppRunsContainer(containers.DeclarativeContainer):
    """Everything that begins a run of an app without a message."""

    shared = providers.DependenciesContainer()
    apps = providers.DependenciesContainer()
    files = providers.DependenciesContainer()
    workflow = providers.DependenciesContainer()

    graphs, runnable_apps = apps.graphs, apps.runnable_apps
    resolve_file_inputs = files.resolve_file_inputs
    flow_inputs = providers.Singleton(
        FlowInputs,
        graphs=graphs,
        resolve_files=resolve_file_inputs,
        schemas=providers.Singleton(JsonSchemaValidator),
    )
    read_request = providers.Singleton(ReadRequest, inputs=flow_inputs)
    run_workflow = providers.Factory(
        RunWorkflow,
        begin=shared.begin,
        apps=runnable_apps,
        inputs=flow_inputs,
        start_run=workflow.start_run,
        host=workflow.host,
        resume_window=providers.Callable(
            timedelta, seconds=shared.settings.provided.run.resume_window
        ),
    )


def app_run_use_cases(container: AppRunsContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {RunWorkflow: container.run_workflow}
