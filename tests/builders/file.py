"""Files for tests, with everything that does not matter filled in."""

from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from dify_hex.application.file.file_intake import FileDetails
from dify_hex.application.file.upload_file import IncomingFile
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.file import File, FileContent, FileOwner, FileSource
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    EndUserName,
    FileId,
    FormId,
    TenantId,
)
from dify_hex.domain.shared.values.file_reference import FileKind

NOW = datetime.fromisoformat("2026-11-21T12:00:00+00:00")
TENANT = TenantId(UUID(int=1))
ANN = EndUserName("ann")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
PNG_TYPE = FileType(kind=FileKind.IMAGE, media_type="image/png", extension="png")
CONTENT = FileContent(size=len(PNG), sha256=sha256(PNG).hexdigest())


def a_person(*permissions: Permission, tenant_id: TenantId = TENANT) -> Actor:
    """Somebody signed in, who may do everything unless told otherwise."""
    return Actor(
        tenant_id=tenant_id,
        permissions=frozenset(permissions or Permission),
        account_id=AccountId(UUID(int=2)),
    )


def a_key(app_id: AppId | None = None) -> Actor:
    """A machine's key, bound to the app if there is one."""
    return Actor(
        tenant_id=TENANT,
        permissions=frozenset(Permission),
        api_key_id=ApiKeyId(UUID(int=3)),
        bound_app_id=app_id,
    )


def a_new_file(
    *,
    name: str = "photo.png",
    type: FileType = PNG_TYPE,
    app_id: AppId | None = None,
    form_id: FormId | None = None,
    tenant_id: TenantId = TENANT,
) -> File:
    """A file whose content is on its way."""
    return File.begin(
        id=FileId(new_id()),
        tenant_id=tenant_id,
        name=name,
        type=type,
        source=FileSource.UPLOAD,
        owner=FileOwner(account_id=AccountId(UUID(int=2)), app_id=app_id, form_id=form_id),
        now=NOW,
    )


def a_file(
    *,
    name: str = "photo.png",
    type: FileType = PNG_TYPE,
    app_id: AppId | None = None,
    user: EndUserName | None = None,
    expires_at: datetime | None = None,
    form_id: FormId | None = None,
    tenant_id: TenantId = TENANT,
) -> File:
    """A file that can be used."""
    file = a_new_file(name=name, type=type, app_id=app_id, form_id=form_id, tenant_id=tenant_id)
    file.complete(CONTENT, user=user, expires_at=expires_at, now=NOW)
    return file


class Incoming(IncomingFile):
    """A file on its way in, in pieces, which breaks off when it is told to."""

    def __init__(
        self,
        content: bytes = PNG,
        name: str = "photo.png",
        media_type: str | None = None,
        details: FileDetails | None = None,
        *,
        breaks_off: bool = False,
    ) -> None:
        self._content = content
        self._name = name
        self._media_type = media_type
        self._details = details or FileDetails()
        self._breaks_off = breaks_off
        #: How many bytes were asked for.
        self.taken = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def media_type(self) -> str | None:
        return self._media_type

    async def content(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 1000):
            piece = self._content[start : start + 1000]
            self.taken += len(piece)
            yield piece
        if self._breaks_off:
            raise ConnectionAbortedError

    async def details(self) -> FileDetails:
        return self._details
