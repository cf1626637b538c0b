"""The routes of who is still drawing: single nodes of a draft, and what they put out last."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.app.draft_values import ForgetDraftValues, ShowDraftValues
from dify_hex.application.app.run_draft_node import RunDraftNode
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppHasNoGraph,
    AppIsArchived,
    AppNotFound,
    DraftNodeNotFound,
)
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.workflow.errors import NodeValuesInvalid, RunInputsInvalid, RunsFull
from dify_hex.entrypoints.http.envelope import Envelope, ListEnvelope, listed, no_content, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.presence import CALLER_GONE, CallerGone, WhileCallerWaits
from dify_hex.entrypoints.http.v1.apps.draft_schemas import (
    DraftValueResponse,
    NodeName,
    NodeRunResponse,
    RunNodeRequest,
)

router = APIRouter(prefix="/v1/apps/{app_id}/draft", tags=["App drafts"])


@router.post(
    "/nodes/{node_id}/run",
    response_model=Envelope[NodeRunResponse],
    responses=errors(
        AppNotFound,
        AppIsArchived,
        AppNotAllowed,
        AppHasNoGraph,
        DraftNodeNotFound,
        AppConfigurationInvalid,
        RunInputsInvalid,
        NodeValuesInvalid,
        RunsFull,
    ),
)
async def run_draft_node(
    app_id: UUID,
    node_id: NodeName,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[RunDraftNode, Inject(RunDraftNode)],
    body: RunNodeRequest | None = None,
) -> Response:
    """Run one node of the draft by itself, a container with everything inside of it.

    A node that failed is answered with 200 as well: `status` and `error` say what became of it.
    """
    command = (body or RunNodeRequest()).to_command(app_id, node_id)
    try:
        async with WhileCallerWaits(request):
            result = await use_case.execute(actor, command)
    except CallerGone:
        return Response(status_code=CALLER_GONE)
    return ok(NodeRunResponse.of(result))


@router.get(
    "/values",
    response_model=ListEnvelope[DraftValueResponse],
    responses=errors(AppNotFound, AppNotAllowed),
)
async def show_draft_values(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[ShowDraftValues, Inject(ShowDraftValues)],
) -> Response:
    """What each node of the draft has put out last, in a run of the draft or by itself."""
    values = await use_case.execute(actor, AppId(app_id))
    return listed(map(DraftValueResponse.of, values))


@router.delete("/values", status_code=204, responses=errors(AppNotFound, AppNotAllowed))
async def forget_draft_values(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[ForgetDraftValues, Inject(ForgetDraftValues)],
) -> Response:
    """Forget what the nodes have put out; runs of the draft stay as they are."""
    await use_case.execute(actor, AppId(app_id))
    return no_content()
