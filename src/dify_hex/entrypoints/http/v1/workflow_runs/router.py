"""The routes of runs: looking at them, following them, stopping them."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.show_run import ShowRun
from dify_hex.application.workflow.stop_run import StopRun
from dify_hex.application.workflow.stream_position import StreamDetail
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.entrypoints.http.envelope import CursorEnvelope, Envelope, accepted, ok, stretch_of
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import CursorQuery
from dify_hex.entrypoints.http.streaming.parameters import After, Detail
from dify_hex.entrypoints.http.streaming.response import STREAM_RESPONSES, stream_run
from dify_hex.entrypoints.http.v1.workflow_runs.filters import RunQuery
from dify_hex.entrypoints.http.v1.workflow_runs.schemas import RunDetailResponse, RunResponse

router = APIRouter(prefix="/v1/workflow-runs", tags=["Workflow runs"])


@router.get("", response_model=CursorEnvelope[RunResponse], responses=errors(AppNotAllowed))
async def list_workflow_runs(
    actor: Annotated[Actor, Requires(Permission.RUN_READ)],
    reader: Annotated[RunReader, Inject(RunReader)],
    cursor: CursorQuery,
    wanted: RunQuery,
) -> Response:
    """The runs of the tenant, or of one app, newest first."""
    app = actor.bound_app_id if wanted.app_id is None else wanted.app_id
    if app is not None:
        actor.require_app(app, Permission.RUN_READ)
    found = await reader.list_runs(actor.tenant_id, cursor, replace(wanted, app_id=app))
    return stretch_of(found, map(RunResponse.of, found.items))


@router.get(
    "/{run_id}",
    response_model=Envelope[RunDetailResponse],
    responses=errors(WorkflowRunNotFound, AppNotAllowed, StorageUnavailable),
)
async def show_workflow_run(
    run_id: UUID,
    actor: Annotated[Actor, Requires(Permission.RUN_READ)],
    use_case: Annotated[ShowRun, Inject(ShowRun)],
) -> Response:
    """Where a run stands, and what came of it."""
    return ok(RunDetailResponse.of(await use_case.execute(actor, WorkflowRunId(run_id))))


@router.get(
    "/{run_id}/events",
    response_class=Response,
    responses={**STREAM_RESPONSES, **errors(WorkflowRunNotFound, AppNotAllowed)},
)
async def follow_workflow_run(
    run_id: UUID,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.RUN_READ)],
    reader: Annotated[RunReader, Inject(RunReader)],
    follow: Annotated[FollowRun, Inject(FollowRun)],
    after: After,
    detail: Detail,
) -> Response:
    """The run's stream, from its beginning or after the event that was seen last.

    It can be asked for on any API process, during the run and after its end. A run without a
    message always shows the events of its nodes.
    """
    run = await reader.get_run(actor.tenant_id, WorkflowRunId(run_id))
    actor.require_app(run.app_id, Permission.RUN_READ)
    shown = StreamDetail.NODES if run.message_id is None else detail
    return stream_run(request, follow, actor.tenant_id, run.id, after=after, detail=shown)


@router.post(
    "/{run_id}/stop",
    status_code=202,
    response_model=Envelope[RunResponse],
    responses=errors(WorkflowRunNotFound, AppNotAllowed),
)
async def stop_workflow_run(
    run_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_RUN)],
    reader: Annotated[RunReader, Inject(RunReader)],
    use_case: Annotated[StopRun, Inject(StopRun)],
) -> Response:
    """Ask for the end of a run; one that has ended stays as it is."""
    run = await reader.get_run(actor.tenant_id, WorkflowRunId(run_id))
    actor.require_app(run.app_id, Permission.APP_RUN)
    await use_case.execute(actor, run.id)
    stopping = await reader.get_run(actor.tenant_id, run.id)
    return accepted(RunResponse.of(stopping), location=f"/v1/workflow-runs/{run.id}")
