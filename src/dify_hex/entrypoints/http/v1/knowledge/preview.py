"""The route that tries out how a document would be cut."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.knowledge.preview_segments import PreviewSegments
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import FileExpired, FileNotFound
from dify_hex.domain.knowledge.errors import (
    DocumentTextEmpty,
    KnowledgeNotFound,
    KnowledgeSettingsInvalid,
)
from dify_hex.domain.knowledge.reading_errors import (
    UNREADABLE,
    DocumentReadersBusy,
    DocumentReaderUnavailable,
)
from dify_hex.entrypoints.http.envelope import Envelope, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.knowledge.preview_schemas import PreviewRequest, PreviewResponse

router = APIRouter(prefix="/v1/knowledge", tags=["Knowledge"])


@router.post(
    "/{knowledge_id}/preview",
    response_model=Envelope[PreviewResponse],
    responses=errors(
        KnowledgeNotFound,
        KnowledgeSettingsInvalid,
        DocumentTextEmpty,
        FileNotFound,
        FileExpired,
        *UNREADABLE.values(),
        DocumentReaderUnavailable,
        DocumentReadersBusy,
    ),
)
async def preview_segments(
    knowledge_id: UUID,
    body: PreviewRequest,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE)],
    use_case: Annotated[PreviewSegments, Inject(PreviewSegments)],
) -> Response:
    """Show the segments that a text or a file would be cut into; nothing is kept.

    Of a long document only the beginning is cut: `total` is an estimate then.
    """
    previewed = await use_case.execute(actor, body.to_command(knowledge_id))
    return ok(PreviewResponse.of(previewed))
