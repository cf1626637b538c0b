"""The routes of Knowledge: making, looking, changing, deleting."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from dify_hex.application.knowledge.change_knowledge import ChangeKnowledge
from dify_hex.application.knowledge.create_knowledge import CreateKnowledge
from dify_hex.application.knowledge.delete_knowledge import (
    DeleteKnowledge,
    DeleteKnowledgeCommand,
)
from dify_hex.application.knowledge.readers import KnowledgeReader
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import (
    KnowledgeNameInvalid,
    KnowledgeNameTaken,
    KnowledgeNotFound,
    KnowledgeSettingsInvalid,
    MetadataInvalid,
)
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.paging import PageRequest
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    PageEnvelope,
    created,
    no_content,
    ok,
    page_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import Paging
from dify_hex.entrypoints.http.preconditions import ExpectedVersion
from dify_hex.entrypoints.http.v1.knowledge.schemas import (
    ChangeKnowledgeRequest,
    CreateKnowledgeRequest,
    KnowledgeResponse,
)

router = APIRouter(prefix="/v1/knowledge", tags=["Knowledge"])


@router.get("", response_model=PageEnvelope[KnowledgeResponse])
async def list_knowledge(
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_READ)],
    reader: Annotated[KnowledgeReader, Inject(KnowledgeReader)],
    page: Annotated[
        PageRequest, Paging(sortable=("created_at", "updated_at", "name"), default="-created_at")
    ],
    q: Annotated[
        str | None, Query(max_length=100, description="A part of the name, in either case.")
    ] = None,
) -> Response:
    """Every Knowledge of the tenant, newest first."""
    found = await reader.list_knowledge(actor.tenant_id, page, q)
    return page_of(found, map(KnowledgeResponse.of, found.items))


@router.post(
    "",
    status_code=201,
    response_model=Envelope[KnowledgeResponse],
    responses=errors(
        KnowledgeNameTaken, KnowledgeNameInvalid, KnowledgeSettingsInvalid, MetadataInvalid
    ),
)
async def create_knowledge(
    body: CreateKnowledgeRequest,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE, idempotent=True)],
    use_case: Annotated[CreateKnowledge, Inject(CreateKnowledge)],
) -> Response:
    """Make a Knowledge, to add documents to."""
    knowledge = await use_case.execute(actor, body.to_command())
    return created(
        KnowledgeResponse.of(knowledge),
        location=f"/v1/knowledge/{knowledge.id}",
        version=knowledge.version,
    )


@router.get(
    "/{knowledge_id}",
    response_model=Envelope[KnowledgeResponse],
    responses=errors(KnowledgeNotFound),
)
async def show_knowledge(
    knowledge_id: UUID,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_READ)],
    reader: Annotated[KnowledgeReader, Inject(KnowledgeReader)],
) -> Response:
    """One Knowledge."""
    found = await reader.get_knowledge(actor.tenant_id, KnowledgeId(knowledge_id))
    return ok(KnowledgeResponse.of(found), version=found.version)


@router.patch(
    "/{knowledge_id}",
    response_model=Envelope[KnowledgeResponse],
    responses=errors(
        KnowledgeNotFound,
        KnowledgeNameTaken,
        KnowledgeNameInvalid,
        KnowledgeSettingsInvalid,
        MetadataInvalid,
        StaleVersion,
    ),
)
async def change_knowledge(
    knowledge_id: UUID,
    body: ChangeKnowledgeRequest,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE)],
    use_case: Annotated[ChangeKnowledge, Inject(ChangeKnowledge)],
    reader: Annotated[KnowledgeReader, Inject(KnowledgeReader)],
) -> Response:
    """Rename or configure it; another embedding model takes over in the background."""
    await use_case.execute(actor, body.to_command(knowledge_id, expected))
    found = await reader.get_knowledge(actor.tenant_id, KnowledgeId(knowledge_id))
    return ok(KnowledgeResponse.of(found), version=found.version)


@router.delete(
    "/{knowledge_id}", status_code=204, responses=errors(KnowledgeNotFound, StaleVersion)
)
async def delete_knowledge(
    knowledge_id: UUID,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_DELETE)],
    use_case: Annotated[DeleteKnowledge, Inject(DeleteKnowledge)],
) -> Response:
    """Delete it; its documents, segments and files are removed in the background."""
    await use_case.execute(
        actor,
        DeleteKnowledgeCommand(knowledge_id=KnowledgeId(knowledge_id), expected_version=expected),
    )
    return no_content()
