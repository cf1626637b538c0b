"""The routes that begin a run from another: trying it again, and forking it."""

from collections.abc import Awaitable
from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.app.fork_run import ForkRun
from dify_hex.application.app.retry_run import RetryRun
from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.application.shared.idempotency import Claim
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.engine.run_host import RunMoved
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.application.workflow.stream_position import StreamDetail
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppConfigurationInvalid, AppIsArchived, AppNotFound
from dify_hex.domain.conversation.errors import ConversationBusy, ConversationNotFound
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import (
    ForkInvalid,
    NothingToRetry,
    RunsFull,
    RunUnderWay,
    WorkflowRunNotFound,
)
from dify_hex.entrypoints.http.envelope import Envelope, accepted, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.idempotency import attempt_of
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.presence import CALLER_GONE, CallerGone, WhileCallerWaits
from dify_hex.entrypoints.http.streaming.response import STREAM_RESPONSES, stream_run
from dify_hex.entrypoints.http.v1.apps.branch_schemas import (
    ForkRunRequest,
    RetryRunRequest,
)
from dify_hex.entrypoints.http.v1.apps.run_schemas import AcceptedRunResponse, EndedRunResponse

router = APIRouter(prefix="/v1/workflow-runs/{run_id}", tags=["Workflow runs"])

Brancher = Annotated[Actor, Requires(Permission.RUN_CONTROL, idempotent=True)]
_ANSWERS = {**STREAM_RESPONSES, 202: {"model": Envelope[AcceptedRunResponse]}}
_REFUSALS = (
    WorkflowRunNotFound,
    AppNotAllowed,
    RunUnderWay,
    RunsFull,
    RunMoved,
    ConversationBusy,
    ConversationNotFound,
    StaleVersion,
)


class BranchAnswer:
    """Answers with a run that was begun from another: its end, its stream, or 202."""

    def __init__(
        self,
        request: Request,
        actor: Actor,
        follow: FollowRun,
    ) -> None:
        self._request = request
        self._actor = actor
        self._follow = follow
        self._attempt = attempt_of(request.scope)

    @property
    def claim(self) -> Claim | None:
        """The claim on the request's key, to be settled with the run."""
        return None if self._attempt is None else self._attempt.claim

    def again(self) -> Response | None:
        """The stream of the run that the same request has begun before."""
        if self._attempt is None or self._attempt.joins is None:
            return None
        return self._stream(WorkflowRunId(self._attempt.joins))

    async def of(self, begin: Awaitable[BegunRun], response: Delivery) -> Response:
        """Begin the run, and answer as it was asked for."""
        # Who sends a key will ask again, and gets the whole answer then.
        watched = response is Delivery.BLOCKING and self._attempt is None
        try:
            async with WhileCallerWaits(self._request) if watched else nullcontext():
                run = await begin
        except CallerGone:
            # The run is left to its resume window, and nobody reads this answer.
            return Response(status_code=CALLER_GONE)
        if run.result is not None:
            return ok(EndedRunResponse.of(run))
        if response is Delivery.BACKGROUND:
            place = f"/v1/workflow-runs/{run.run_id}"
            return accepted(AcceptedRunResponse.of(run), location=place)
        if self._attempt is not None:
            self._attempt.note_settled()
        return self._stream(run.run_id)

    def _stream(self, run_id: WorkflowRunId) -> Response:
        return stream_run(
            self._request, self._follow, self._actor.tenant_id, run_id, detail=StreamDetail.NODES
        )


@router.post(
    "/retry",
    response_model=Envelope[EndedRunResponse],
    responses={**_ANSWERS, **errors(*_REFUSALS, NothingToRetry)},
)
async def retry_workflow_run(
    run_id: UUID,
    request: Request,
    actor: Brancher,
    use_case: Annotated[RetryRun, Inject(RetryRun)],
    follow: Annotated[FollowRun, Inject(FollowRun)],
    body: RetryRunRequest | None = None,
) -> Response:
    """Begin a new run that does again what failed in this one, and keeps what was done."""
    answer = BranchAnswer(request, actor, follow)
    if (joined := answer.again()) is not None:
        return joined
    wanted = body or RetryRunRequest()
    begin = use_case.execute(actor, wanted.to_retry(run_id, answer.claim))
    return await answer.of(begin, wanted.response)


@router.post(
    "/fork",
    response_model=Envelope[EndedRunResponse],
    responses={
        **_ANSWERS,
        **errors(*_REFUSALS, ForkInvalid, AppNotFound, AppIsArchived, AppConfigurationInvalid),
    },
)
async def fork_workflow_run(
    run_id: UUID,
    body: ForkRunRequest,
    request: Request,
    actor: Brancher,
    use_case: Annotated[ForkRun, Inject(ForkRun)],
    follow: Annotated[FollowRun, Inject(FollowRun)],
) -> Response:
    """Begin a new run that keeps what was done before a node, and goes on from there anew."""
    answer = BranchAnswer(request, actor, follow)
    if (joined := answer.again()) is not None:
        return joined
    begin = use_case.execute(actor, body.to_fork(run_id, answer.claim))
    return await answer.of(begin, body.response)
