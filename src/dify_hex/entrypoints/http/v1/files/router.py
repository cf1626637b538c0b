"""The routes of files: handing in, looking at, fetching, passing on, deleting."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import TypeAdapter, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.file.delete_file import DeleteFile, DeleteFileCommand
from dify_hex.application.file.download_file import DownloadFile, DownloadFileCommand
from dify_hex.application.file.list_files import ListFiles, ListFilesCommand
from dify_hex.application.file.open_signed_file import OpenSignedFile, OpenSignedFileCommand
from dify_hex.application.file.ports import FileLink
from dify_hex.application.file.show_file import ShowFile, ShowFileCommand
from dify_hex.application.file.sign_file_url import SignFileUrl
from dify_hex.application.file.upload_file import UploadFile
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import (
    FileEmpty,
    FileExpired,
    FileLifetimeInvalid,
    FileNameInvalid,
    FileNotFound,
    FileOfDocument,
    FileTooLarge,
    FileTypeUnsupported,
)
from dify_hex.domain.shared.ids import EndUserName, FileId, TenantId
from dify_hex.entrypoints.http.envelope import (
    CursorEnvelope,
    Envelope,
    created,
    no_content,
    ok,
    stretch_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.file_download import send_file
from dify_hex.entrypoints.http.guard import PUBLIC, Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import CursorQuery
from dify_hex.entrypoints.http.problems import MalformedForm, RangeNotSatisfiable
from dify_hex.entrypoints.http.route_table import ANSWERS_BYTES, STREAMED_BODY
from dify_hex.entrypoints.http.v1.files.schemas import (
    FileInfoResponse,
    FileUrlResponse,
    FormUpload,
    SignFileUrlRequest,
    upload_body,
)
from dify_hex.entrypoints.http.v1.messages.schemas import UserText

router = APIRouter(tags=["Files"])

#: A parameter may be left out, but not be written as null.
_User = Annotated[UserText | None, WithJsonSchema(TypeAdapter(UserText).json_schema())]
UserQuery = Annotated[_User, Query(description="Only if it is this end user's; otherwise 404.")]
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_CONTENT_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"description": "The content, in the file's own media type.", "content": _BYTES},
    206: {"description": "The part that `Range` asks for.", "content": _BYTES},
    304: {"description": "The caller has it: `If-None-Match` names its `ETag`."},
}


@router.post(
    "/v1/files",
    status_code=201,
    response_model=Envelope[FileInfoResponse],
    openapi_extra={**STREAMED_BODY, "requestBody": upload_body()},
    responses=errors(
        FileNameInvalid,
        FileEmpty,
        FileTooLarge,
        FileTypeUnsupported,
        FileLifetimeInvalid,
        MalformedForm,
    ),
)
async def upload_file(
    request: Request,
    actor: Annotated[Actor, Requires(Permission.APP_RUN, idempotent=True)],
    use_case: Annotated[UploadFile, Inject(UploadFile)],
) -> Response:
    """Hand in a file, to be named in the inputs of runs and messages.

    Its type is found out from its content. The same file sent twice is two files; with an
    `Idempotency-Key`, a body of the same length counts as the same.
    """
    file = await use_case.execute(actor, await FormUpload.begin(request))
    return created(FileInfoResponse.of(file), location=f"/v1/files/{file.id}")


@router.get("/v1/files", response_model=CursorEnvelope[FileInfoResponse])
async def list_files(
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    use_case: Annotated[ListFiles, Inject(ListFiles)],
    cursor: CursorQuery,
    user: Annotated[_User, Query(description="Only this end user's.")] = None,
) -> Response:
    """Files, the latest first; those whose time is over and those of documents are left out."""
    found = await use_case.execute(actor, ListFilesCommand(cursor=cursor, user=_name(user)))
    return stretch_of(found, map(FileInfoResponse.of, found.items))


@router.get(
    "/v1/files/{file_id}",
    response_model=Envelope[FileInfoResponse],
    responses=errors(FileNotFound, FileExpired),
)
async def show_file(
    file_id: UUID,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    use_case: Annotated[ShowFile, Inject(ShowFile)],
    user: UserQuery = None,
) -> Response:
    """What a file is."""
    command = ShowFileCommand(file_id=FileId(file_id), user=_name(user))
    return ok(FileInfoResponse.of(await use_case.execute(actor, command)))


@router.get(
    "/v1/files/{file_id}/content",
    response_class=Response,
    openapi_extra={**ANSWERS_BYTES},
    responses={**_CONTENT_RESPONSES, **errors(FileNotFound, FileExpired, RangeNotSatisfiable)},
)
async def download_file(
    file_id: UUID,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    use_case: Annotated[DownloadFile, Inject(DownloadFile)],
    user: UserQuery = None,
    download: Annotated[bool, Query(description="Also where it could be shown in place.")] = False,
) -> Response:
    """The content of a file, or with `Range` a part of it."""
    command = DownloadFileCommand(file_id=FileId(file_id), user=_name(user))
    return await send_file(request, await use_case.execute(actor, command), download=download)


@router.delete(
    "/v1/files/{file_id}",
    status_code=204,
    responses=errors(FileNotFound, FileExpired, FileOfDocument),
)
async def delete_file(
    file_id: UUID,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_WRITE)],
    use_case: Annotated[DeleteFile, Inject(DeleteFile)],
    user: UserQuery = None,
) -> Response:
    """Delete a file with its content; links to it end with it."""
    await use_case.execute(actor, DeleteFileCommand(file_id=FileId(file_id), user=_name(user)))
    return no_content()


@router.post(
    "/v1/files/{file_id}/url",
    response_model=Envelope[FileUrlResponse],
    responses=errors(FileNotFound, FileExpired),
)
async def sign_file_url(
    file_id: UUID,
    actor: Annotated[Actor, Requires(Permission.CONVERSATION_READ)],
    use_case: Annotated[SignFileUrl, Inject(SignFileUrl)],
    body: SignFileUrlRequest | None = None,
) -> Response:
    """A link with which anybody can fetch the file for a while."""
    command = (body or SignFileUrlRequest()).to_command(file_id)
    return ok(FileUrlResponse.of(await use_case.execute(actor, command)))


@router.get("/files/{file_id}", openapi_extra={**PUBLIC}, include_in_schema=False)
async def open_signed_file(
    file_id: UUID,
    request: Request,
    use_case: Annotated[OpenSignedFile, Inject(OpenSignedFile)],
    tenant: UUID,
    expires: Annotated[int, Query(ge=0, le=10**10)],
    signature: Annotated[str, Query(max_length=100)],
    download: bool = False,
) -> Response:
    """The content of the file that a link leads to."""
    link = FileLink(
        tenant_id=TenantId(tenant),
        file_id=FileId(file_id),
        expires_at=datetime.fromtimestamp(expires, UTC),
    )
    command = OpenSignedFileCommand(link=link, signature=signature)
    file = await use_case.execute(command)
    return await send_file(request, file, download=download, anywhere=True)


def _name(user: str | None) -> EndUserName | None:
    return None if user is None else EndUserName(user)
