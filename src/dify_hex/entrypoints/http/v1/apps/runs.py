"""The route that runs a workflow app."""

from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.app.run_workflow import RunWorkflow
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.engine.run_host import RunMoved
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.application.workflow.stream_position import StreamDetail
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppIsArchived,
    AppNotAWorkflow,
    AppNotFound,
    AppNotPublished,
    AppVersionNameAmbiguous,
    AppVersionNameUnknown,
    AppVersionNotFound,
)
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import RunInputsInvalid, RunsFull
from dify_hex.entrypoints.http.envelope import Envelope, accepted, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.idempotency import attempt_of
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.presence import CALLER_GONE, CallerGone, WhileCallerWaits
from dify_hex.entrypoints.http.streaming.response import STREAM_RESPONSES, stream_run
from dify_hex.entrypoints.http.v1.apps.run_schemas import (
    AcceptedRunResponse,
    EndedRunResponse,
    RunWorkflowRequest,
)

router = APIRouter(prefix="/v1/apps/{app_id}", tags=["Workflow runs"])


@router.post(
    "/runs",
    response_model=Envelope[EndedRunResponse],
    responses={
        **STREAM_RESPONSES,
        202: {"model": Envelope[AcceptedRunResponse]},
        **errors(
            AppNotFound,
            AppIsArchived,
            AppNotPublished,
            AppVersionNotFound,
            AppVersionNameUnknown,
            AppVersionNameAmbiguous,
            AppNotAllowed,
            AppNotAWorkflow,
            AppConfigurationInvalid,
            RunInputsInvalid,
            RunsFull,
            RunMoved,
        ),
    },
)
async def run_workflow(
    app_id: UUID,
    body: RunWorkflowRequest,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.APP_RUN, idempotent=True)],
    use_case: Annotated[RunWorkflow, Inject(RunWorkflow)],
    follow: Annotated[FollowRun, Inject(FollowRun)],
) -> Response:
    """Run a workflow app, and get its outputs as a whole, its events as a stream, or 202.

    A blocking request is answered when the run ends or pauses. A run that failed is answered with
    200 as well: `status` and `error` say what became of it.
    """
    attempt = attempt_of(request.scope)
    if attempt is not None and attempt.joins is not None:
        begun = WorkflowRunId(attempt.joins)
        return stream_run(request, follow, actor.tenant_id, begun, detail=StreamDetail.NODES)
    claim = None if attempt is None else attempt.claim
    # Who sends a key will ask again, and gets the whole answer then.
    watched = body.response is Delivery.BLOCKING and attempt is None
    try:
        async with WhileCallerWaits(request) if watched else nullcontext():
            run = await use_case.execute(actor, body.to_command(app_id, claim))
    except CallerGone:
        # The run is left to its resume window, and nobody reads this answer.
        return Response(status_code=CALLER_GONE)
    if run.result is not None:
        return ok(EndedRunResponse.of(run))
    if body.response is Delivery.BACKGROUND:
        return accepted(AcceptedRunResponse.of(run), location=f"/v1/workflow-runs/{run.run_id}")
    if attempt is not None:
        attempt.note_settled()
    return stream_run(request, follow, actor.tenant_id, run.run_id, detail=StreamDetail.NODES)
