"""The routes of documents: adding, looking, changing, deleting."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.knowledge.add_document import AddDocument
from dify_hex.application.knowledge.change_document import ChangeDocument
from dify_hex.application.knowledge.delete_document import DeleteDocument, DeleteDocumentCommand
from dify_hex.application.knowledge.read_models import AddedDocuments
from dify_hex.application.knowledge.readers import DocumentFilterRequest, DocumentsReader
from dify_hex.application.knowledge.upload_documents import (
    UploadDocuments,
    UploadDocumentsCommand,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import (
    FileEmpty,
    FileExpired,
    FileNameInvalid,
    FileNotFound,
    FileTooLarge,
    FileTypeUnsupported,
)
from dify_hex.domain.knowledge.errors import (
    DocumentExists,
    DocumentNameInvalid,
    DocumentNotFound,
    DocumentsFull,
    DocumentsRefused,
    DocumentTextEmpty,
    KnowledgeNotFound,
    MetadataInvalid,
)
from dify_hex.domain.knowledge.indexing import DocumentStatus
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId
from dify_hex.domain.shared.paging import PageRequest
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    PageEnvelope,
    accepted,
    no_content,
    ok,
    page_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import Paging
from dify_hex.entrypoints.http.preconditions import ExpectedVersion
from dify_hex.entrypoints.http.problems import MalformedForm
from dify_hex.entrypoints.http.route_table import STREAMED_FORM
from dify_hex.entrypoints.http.v1.documents.incoming import (
    added_body,
    carries_form,
    files_of,
    given_in,
)
from dify_hex.entrypoints.http.v1.documents.schemas import (
    AddedDocumentsResponse,
    ChangeDocumentRequest,
    DocumentResponse,
    Duplicates,
)

router = APIRouter(tags=["Documents"])


@router.post(
    "/v1/knowledge/{knowledge_id}/documents",
    status_code=202,
    response_model=Envelope[AddedDocumentsResponse],
    openapi_extra={**STREAMED_FORM, "requestBody": added_body()},
    responses=errors(
        KnowledgeNotFound,
        DocumentsFull,
        DocumentExists,
        DocumentsRefused,
        DocumentNameInvalid,
        DocumentTextEmpty,
        FileNotFound,
        FileExpired,
        FileNameInvalid,
        FileEmpty,
        FileTooLarge,
        FileTypeUnsupported,
        MalformedForm,
    ),
)
async def add_documents(
    knowledge_id: UUID,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE, idempotent=True)],
    upload: Annotated[UploadDocuments, Inject(UploadDocuments)],
    add: Annotated[AddDocument, Inject(AddDocument)],
    duplicate: Annotated[
        Duplicates, Query(description="What becomes of content that is there already.")
    ] = "refuse",
) -> Response:
    """Add documents: by their files, by a text, or by a file that was handed in before.

    They are indexed in the background; each tells its own progress. A file that cannot be taken
    does not keep out the others that come with it.
    """
    allow = duplicate == "allow"
    if carries_form(request):
        command = UploadDocumentsCommand(
            knowledge_id=KnowledgeId(knowledge_id), allow_duplicate=allow
        )
        outcome = await upload.execute(actor, command, files_of(request))
    else:
        given = await given_in(request)
        document = await add.execute(actor, given.to_command(knowledge_id, allow_duplicate=allow))
        outcome = AddedDocuments(added=[document])
    return accepted(
        AddedDocumentsResponse.of(outcome), location=f"/v1/knowledge/{knowledge_id}/documents"
    )


@router.get(
    "/v1/knowledge/{knowledge_id}/documents",
    response_model=PageEnvelope[DocumentResponse],
    responses=errors(KnowledgeNotFound),
)
async def list_documents(
    knowledge_id: UUID,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_READ)],
    reader: Annotated[DocumentsReader, Inject(DocumentsReader)],
    page: Annotated[
        PageRequest, Paging(sortable=("created_at", "updated_at", "name"), default="-created_at")
    ],
    status: DocumentStatus | None = None,
    enabled: bool | None = None,
    q: Annotated[
        str | None, Query(max_length=100, description="A part of the name, in either case.")
    ] = None,
) -> Response:
    """The documents of a Knowledge, newest first."""
    wanted = DocumentFilterRequest(status=status, is_enabled=enabled, q=q)
    found = await reader.list_documents(actor.tenant_id, KnowledgeId(knowledge_id), page, wanted)
    return page_of(found, map(DocumentResponse.of, found.items))


@router.get(
    "/v1/documents/{document_id}",
    response_model=Envelope[DocumentResponse],
    responses=errors(DocumentNotFound),
)
async def show_document(
    document_id: UUID,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_READ)],
    reader: Annotated[DocumentsReader, Inject(DocumentsReader)],
) -> Response:
    """One document, and how far it is on its way into the index."""
    found = await reader.get_document(actor.tenant_id, DocumentId(document_id))
    return ok(DocumentResponse.of(found), version=found.version)


@router.patch(
    "/v1/documents/{document_id}",
    response_model=Envelope[DocumentResponse],
    responses=errors(DocumentNotFound, DocumentNameInvalid, MetadataInvalid, StaleVersion),
)
async def change_document(
    document_id: UUID,
    body: ChangeDocumentRequest,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE)],
    use_case: Annotated[ChangeDocument, Inject(ChangeDocument)],
    reader: Annotated[DocumentsReader, Inject(DocumentsReader)],
) -> Response:
    """Rename a document, or set its metadata."""
    await use_case.execute(actor, body.to_command(document_id, expected))
    found = await reader.get_document(actor.tenant_id, DocumentId(document_id))
    return ok(DocumentResponse.of(found), version=found.version)


@router.delete(
    "/v1/documents/{document_id}",
    status_code=204,
    responses=errors(DocumentNotFound, StaleVersion),
)
async def delete_document(
    document_id: UUID,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.KNOWLEDGE_WRITE)],
    use_case: Annotated[DeleteDocument, Inject(DeleteDocument)],
) -> Response:
    """Delete a document; its segments and its own file are removed in the background."""
    command = DeleteDocumentCommand(document_id=DocumentId(document_id), expected_version=expected)
    await use_case.execute(actor, command)
    return no_content()
