"""The routes of workflows as such, whatever app they belong to."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.account.permissions import Permission
from dify_hex.entrypoints.http.envelope import Envelope, ok
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.workflows.schemas import GraphSchemaResponse

router = APIRouter(prefix="/v1/workflows", tags=["Workflows"])


@router.get("/schema", response_model=Envelope[GraphSchemaResponse])
async def show_graph_schema(
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    graphs: Annotated[GraphCodec, Inject(GraphCodec)],
) -> Response:
    """The JSON Schema of a workflow's graph, with the configuration of every node type.

    `x-missing` says of a node type what this release lacks for it; a graph that uses it can be
    drawn and checked, but not published.
    """
    del actor
    return ok(GraphSchemaResponse(dict(graphs.schema())))
