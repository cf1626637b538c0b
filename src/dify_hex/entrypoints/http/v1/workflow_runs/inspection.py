"""The routes that look back at a run: node by node, beside another, and against its journal."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.workflow.compare_runs import CompareRuns, ShowRunNodes
from dify_hex.application.workflow.replay_run import ReplayRun
from dify_hex.application.workflow.show_run import ReadRunValue
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import RunValueMissing, WorkflowRunNotFound
from dify_hex.entrypoints.http.envelope import Envelope, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.workflow_runs.schemas import (
    ComparedRunsResponse,
    NodeResponse,
    NodesResponse,
    ReplayResponse,
)

router = APIRouter(prefix="/v1/workflow-runs/{run_id}", tags=["Workflow runs"])

_MAX_NODES = 500
#: Whether it may still be seen is asked each time.
_ASK_AGAIN = {"cache-control": "private, no-cache"}


@router.get(
    "/nodes",
    response_model=Envelope[NodesResponse],
    responses=errors(WorkflowRunNotFound, AppNotAllowed),
)
async def list_run_nodes(
    run_id: UUID,
    actor: Annotated[Actor, Requires(Permission.RUN_READ)],
    use_case: Annotated[ShowRunNodes, Inject(ShowRunNodes)],
    after: Annotated[int, Query(ge=0, le=10_000_000, description="Leave out so many.")] = 0,
    limit: Annotated[int, Query(ge=1, le=_MAX_NODES)] = 100,
) -> Response:
    """What has become of each node, in each round of the containers around it."""
    page = await use_case.execute(actor, WorkflowRunId(run_id), after=after, limit=limit)
    nodes = [NodeResponse.of(record) for record in page.nodes]
    return ok(NodesResponse(nodes=nodes, next_after=page.next_after))


@router.get(
    "/compare",
    response_model=Envelope[ComparedRunsResponse],
    responses=errors(WorkflowRunNotFound, AppNotAllowed),
)
async def compare_workflow_runs(
    run_id: UUID,
    actor: Annotated[Actor, Requires(Permission.RUN_READ)],
    use_case: Annotated[CompareRuns, Inject(CompareRuns)],
    other: Annotated[UUID, Query(alias="with", description="The id of the other run.")],
) -> Response:
    """This run beside another, node by node, and where they first part."""
    compared = await use_case.execute(actor, WorkflowRunId(run_id), WorkflowRunId(other))
    return ok(ComparedRunsResponse.of(compared))


@router.post(
    "/replay",
    response_model=Envelope[ReplayResponse],
    responses=errors(WorkflowRunNotFound, RunValueMissing, AppNotAllowed, StorageUnavailable),
)
async def replay_workflow_run(
    run_id: UUID,
    actor: Annotated[Actor, Requires(Permission.RUN_CONTROL)],
    use_case: Annotated[ReplayRun, Inject(ReplayRun)],
) -> Response:
    """Compute the run once more from its journal, calling nothing outside; changes nothing."""
    return ok(ReplayResponse.of(await use_case.execute(actor, WorkflowRunId(run_id))))


@router.get(
    "/values/{sha256}",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {}}}, "description": "The value."},
        **errors(WorkflowRunNotFound, RunValueMissing, AppNotAllowed, StorageUnavailable),
    },
)
async def read_run_value(
    run_id: UUID,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    actor: Annotated[Actor, Requires(Permission.RUN_READ)],
    use_case: Annotated[ReadRunValue, Inject(ReadRunValue)],
) -> Response:
    """A value that was too large for the event it belongs to, where `$spilled` names it."""
    content = await use_case.execute(actor, WorkflowRunId(run_id), sha256)
    return Response(content, media_type="application/json", headers=_ASK_AGAIN)
