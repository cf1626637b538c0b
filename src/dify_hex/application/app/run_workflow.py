"""Running a workflow app."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dify_hex.application.app.flow_inputs import FlowInputs, GivenInputs
from dify_hex.application.app.runnable_apps import (
    RunnableApp,
    RunnableApps,
    RunnableAppWork,
    VersionChoice,
    WantedVersion,
)
from dify_hex.application.file.ports import FileWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.idempotency import Claim, StreamClaims
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.engine.run_host import RunHandle, RunHost
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.start_run import StartRun, StartRunCommand, StartRunWork
from dify_hex.application.workflow.started_run import DEFAULT_RESUME_WINDOW, StartedRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppNotAWorkflow
from dify_hex.domain.app.flow_configuration import FlowConfiguration, WorkflowConfiguration
from dify_hex.domain.shared.ids import AppId, EndUserName, MessageId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWorkflowCommand:
    """Which app shall run, for whom, with which inputs."""

    app_id: AppId
    user: EndUserName
    inputs: JsonObject
    response: Delivery
    #: How long the run goes on without a reader; None means as the app, or the operator, says.
    resume_window: timedelta | None = None
    #: The published version, the draft, or a version by its number or its name.
    version: WantedVersion = VersionChoice.PUBLISHED
    #: The claim on the request's idempotency key, when the answer is a stream that can be joined.
    claim: Claim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunRun:
    """A run that is stored and under way; `result` only when its end was waited for."""

    run_id: WorkflowRunId
    result: RunResult | None
    #: The message that it answers.
    message_id: MessageId | None = None
    #: From the request to the end, for who waited.
    elapsed: timedelta | None = None


class RunWorkflowWork(RunnableAppWork, StartRunWork, FileWork, Protocol):
    """A transaction in which a run of an app is born."""

    @property
    @abstractmethod
    def stream_claims(self) -> StreamClaims:
        """Claims on the keys of requests that are answered with a stream."""


class RunWorkflow:
    """Begins a run of a workflow app.

    - The published version runs, or another one by its number, or by a label that no other has; who
      may edit the app may also run its draft.
    - Inputs are checked against what the graph's start declares before there is a run, all faults
      at once.
    - A foreground run needs a free place in this process; without one nothing is stored.
    - That the request's key was used is stored together with the run: whoever repeats the request
      finds this run and no second one.
    - A run that fails is an answer, too: it says why.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[RunWorkflowWork],
        apps: RunnableApps,
        inputs: FlowInputs,
        start_run: StartRun,
        host: RunHost,
        resume_window: timedelta = DEFAULT_RESUME_WINDOW,
    ) -> None:
        self._begin = begin
        self._apps = apps
        self._inputs = inputs
        self._start_run = start_run
        self._host = host
        self._resume_window = resume_window

    async def execute(self, actor: Actor, command: RunWorkflowCommand) -> BegunRun:
        """Begin the run; with a blocking response, wait for its end, or for its first pause.

        Raises:
            AppNotFound: there is no such app.
            AppIsArchived: the app is out of use.
            AppNotPublished: the app has no version yet.
            AppVersionNotFound: it has none of the number that was asked for.
            AppVersionNameUnknown: it has none of the name that was asked for.
            AppVersionNameAmbiguous: it has several of that name.
            AppNotAWorkflow: the app is talked to, not run.
            AppConfigurationInvalid: the draft that was asked for has faults.
            RunInputsInvalid: the inputs do not fit, or files that were given cannot be used.
            IdempotencyInProgress: the claim was lost to somebody who sends the same.
            RunsFull: this process carries as many runs as it may.
            RunMoved: the run was waited for, and goes on in another process.
        """
        actor.require_app(command.app_id, Permission.APP_RUN)
        if command.version is VersionChoice.DRAFT:
            actor.require(Permission.APP_WRITE)
        if command.response is Delivery.BACKGROUND:
            started = await self._store(actor, command)
            await self._host.wake_workers()
            return BegunRun(run_id=started.run.run_id, result=None)
        started, handle = await self._launch(actor, command)
        run_id = started.run.run_id
        if command.response is Delivery.STREAM:
            return BegunRun(run_id=run_id, result=None)
        result = await handle.result()
        return BegunRun(run_id=run_id, result=result, elapsed=result.at - started.run.facts.at)

    async def _launch(
        self, actor: Actor, command: RunWorkflowCommand
    ) -> tuple[StartedRun, RunHandle]:
        with self._host.reserve() as place:
            started = await self._store(actor, command)
            return started, place.launch(started)

    async def _store(self, actor: Actor, command: RunWorkflowCommand) -> StartedRun:
        async with self._begin(actor.tenant_id) as work:
            app = await self._apps.find(command.app_id, command.version, work)
            configuration = app.configuration
            if not isinstance(configuration, WorkflowConfiguration):
                raise AppNotAWorkflow(mode=configuration.mode.value)
            given = GivenInputs(app_id=command.app_id, user=command.user, inputs=command.inputs)
            inputs = await self._inputs.read(actor, app.graph, given, work)
            run = self._run_of(command, app, configuration, inputs)
            started = await self._start_run.execute(actor, run, work)
            if command.claim is not None:
                await work.stream_claims.settle(command.claim, run.run_id)
            await work.commit()
        return started

    def _run_of(
        self,
        command: RunWorkflowCommand,
        app: RunnableApp,
        configuration: FlowConfiguration,
        inputs: JsonObject,
    ) -> StartRunCommand:
        return StartRunCommand(
            run_id=WorkflowRunId(new_id()),
            app_id=command.app_id,
            app_version_id=app.version_id,
            graph=app.graph,
            user=command.user,
            inputs=inputs,
            durability=configuration.durability,
            bounds=configuration.limits.bounds,
            background=command.response is Delivery.BACKGROUND,
            resume_window=resume_window_of(
                command.resume_window, configuration, self._resume_window
            ),
        )


def resume_window_of(
    wanted: timedelta | None, configuration: FlowConfiguration, default: timedelta
) -> timedelta:
    """How long a run goes on without a reader: as its caller says, or its app, or by default."""
    if wanted is not None:
        return wanted
    seconds = configuration.limits.resume_window_seconds
    return default if seconds is None else timedelta(seconds=seconds)
