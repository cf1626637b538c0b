"""The routes that steer documents: what is found, and how it comes into the index."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from dify_hex.application.knowledge.readers import DocumentsReader
from dify_hex.application.knowledge.steer_document import (
    DocumentAction,
    SteerDocument,
    SteerDocumentCommand,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import (
    DocumentInProgress,
    DocumentNotFailed,
    DocumentNotFound,
    DocumentNotInProgress,
    DocumentNotPaused,
)
from dify_hex.domain.shared.ids import DocumentId
from dify_hex.entrypoints.http.envelope import Envelope, accepted, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.documents.schemas import DocumentResponse

router = APIRouter(prefix="/v1/documents/{document_id}", tags=["Documents"])


class Steering:
    """Does what a route is named for, and shows the document as it is then."""

    def __init__(
        self,
        document_id: UUID,
        actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE, idempotent=True)],
        use_case: Annotated[SteerDocument, Inject(SteerDocument)],
        reader: Annotated[DocumentsReader, Inject(DocumentsReader)],
    ) -> None:
        self._document_id = DocumentId(document_id)
        self._actor = actor
        self._use_case = use_case
        self._reader = reader

    async def do(self, action: DocumentAction) -> Response:
        """200 with the document."""
        return ok(await self._done(action))

    async def start(self, action: DocumentAction) -> Response:
        """202 with the document, and where its job is."""
        document = await self._done(action)
        return accepted(document, location=f"/v1/tasks/{document.task_id}")

    async def _done(self, action: DocumentAction) -> DocumentResponse:
        command = SteerDocumentCommand(document_id=self._document_id, action=action)
        await self._use_case.execute(self._actor, command)
        found = await self._reader.get_document(self._actor.tenant_id, self._document_id)
        return DocumentResponse.of(found)


_Steering = Annotated[Steering, Depends()]
_SHOWN = Envelope[DocumentResponse]


@router.post("/enable", response_model=_SHOWN, responses=errors(DocumentNotFound))
async def enable_document(steering: _Steering) -> Response:
    """Let searches find the document again."""
    return await steering.do(DocumentAction.ENABLE)


@router.post("/disable", response_model=_SHOWN, responses=errors(DocumentNotFound))
async def disable_document(steering: _Steering) -> Response:
    """Keep the document, and let no search find it."""
    return await steering.do(DocumentAction.DISABLE)


@router.post(
    "/pause", response_model=_SHOWN, responses=errors(DocumentNotFound, DocumentNotInProgress)
)
async def pause_document(steering: _Steering) -> Response:
    """Stop indexing between two batches."""
    return await steering.do(DocumentAction.PAUSE)


@router.post(
    "/cancel", response_model=_SHOWN, responses=errors(DocumentNotFound, DocumentNotInProgress)
)
async def cancel_document(steering: _Steering) -> Response:
    """Give indexing up; what can be found already stays so."""
    return await steering.do(DocumentAction.CANCEL)


@router.post(
    "/resume",
    status_code=202,
    response_model=_SHOWN,
    responses=errors(DocumentNotFound, DocumentNotPaused),
)
async def resume_document(steering: _Steering) -> Response:
    """Go on where indexing was paused."""
    return await steering.start(DocumentAction.RESUME)


@router.post(
    "/retry",
    status_code=202,
    response_model=_SHOWN,
    responses=errors(DocumentNotFound, DocumentNotFailed),
)
async def retry_document(steering: _Steering) -> Response:
    """Try again what has failed or was cancelled, from the stage at which it stands."""
    return await steering.start(DocumentAction.RETRY)


@router.post(
    "/reindex",
    status_code=202,
    response_model=_SHOWN,
    responses=errors(DocumentNotFound, DocumentInProgress),
)
async def reindex_document(steering: _Steering) -> Response:
    """Read and cut the document anew, with the settings of today."""
    return await steering.start(DocumentAction.REINDEX)
