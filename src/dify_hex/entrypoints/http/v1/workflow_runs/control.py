"""The routes that steer a run: pausing it, letting it go on, and the forms that it waits for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.application.workflow.pause_run import PauseRun
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.resume_run import ResumeRun
from dify_hex.application.workflow.show_form import ListForms
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import RunTransitionRefused, WorkflowRunNotFound
from dify_hex.entrypoints.http.envelope import Envelope, ListEnvelope, accepted, listed
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.forms.schemas import RunFormResponse
from dify_hex.entrypoints.http.v1.workflow_runs.schemas import RunResponse

router = APIRouter(prefix="/v1/workflow-runs/{run_id}", tags=["Workflow runs"])

Controller = Annotated[Actor, Requires(Permission.RUN_CONTROL)]
Runs = Annotated[RunReader, Inject(RunReader)]


@router.post(
    "/pause",
    status_code=202,
    response_model=Envelope[RunResponse],
    responses=errors(WorkflowRunNotFound, AppNotAllowed, RunTransitionRefused),
)
async def pause_workflow_run(
    run_id: UUID,
    actor: Controller,
    reader: Runs,
    use_case: Annotated[PauseRun, Inject(PauseRun)],
) -> Response:
    """Ask a run to pause; it does once nothing in it is under way."""
    run = await reader.get_run(actor.tenant_id, WorkflowRunId(run_id))
    actor.require_app(run.app_id, Permission.RUN_CONTROL)
    await use_case.execute(actor, run.id)
    return await _asked(actor, reader, run.id)


@router.post(
    "/resume",
    status_code=202,
    response_model=Envelope[RunResponse],
    responses=errors(WorkflowRunNotFound, AppNotAllowed, RunTransitionRefused),
)
async def resume_workflow_run(
    run_id: UUID,
    actor: Controller,
    reader: Runs,
    use_case: Annotated[ResumeRun, Inject(ResumeRun)],
) -> Response:
    """Let a paused run go on, in the background from now on."""
    run = await reader.get_run(actor.tenant_id, WorkflowRunId(run_id))
    actor.require_app(run.app_id, Permission.RUN_CONTROL)
    await use_case.execute(actor, run.id)
    return await _asked(actor, reader, run.id)


@router.get(
    "/forms",
    response_model=ListEnvelope[RunFormResponse],
    responses=errors(WorkflowRunNotFound, AppNotAllowed),
)
async def list_run_forms(
    run_id: UUID, actor: Controller, use_case: Annotated[ListForms, Inject(ListForms)]
) -> Response:
    """The forms that the run has asked for, with the tokens to answer them."""
    forms = await use_case.execute(actor, WorkflowRunId(run_id))
    return listed(map(RunFormResponse.of, forms))


async def _asked(actor: Actor, reader: RunReader, run_id: WorkflowRunId) -> Response:
    run = await reader.get_run(actor.tenant_id, run_id)
    return accepted(RunResponse.of(run), location=f"/v1/workflow-runs/{run_id}")
