"""The file: something that was handed in, kept under our own name until it is let go."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dify_hex.domain.file.errors import FileExpired, FileNotFound
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    EndUserName,
    FileId,
    FormId,
    TenantId,
)
from dify_hex.domain.shared.values.file_reference import FileReference, TransferMethod


class FileStatus(StrEnum):
    """Whether the content is on its way in, there, or about to be removed."""

    UPLOADING = "uploading"
    AVAILABLE = "available"
    DELETED = "deleted"


class FileSource(StrEnum):
    """Where a file came from: a caller, a caller as a document of a Knowledge, an address that a
    caller named, or a run.
    """

    UPLOAD = "upload"
    DOCUMENT = "document"
    REMOTE_URL = "remote_url"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOwner:
    """Who brought a file, for whom, and in which app's name; with neither, it is the tenant's."""

    account_id: AccountId | None = None
    api_key_id: ApiKeyId | None = None
    #: The end user, as the caller names them.
    user: EndUserName | None = None
    #: The app that the caller's key is bound to.
    app_id: AppId | None = None
    #: The form that it was handed in with; nothing else than that form's answer can name it.
    form_id: FormId | None = None

    def admits(self, *, app_id: AppId | None, user: EndUserName | None) -> bool:
        """Whether a run of the app for the end user may use the file."""
        return self.app_id in {None, app_id} and self.user in {None, user}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """How much was stored, and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What a file remembers; `content` is None until all of it is there."""

    owner: FileOwner
    status: FileStatus
    content: FileContent | None
    created_at: datetime
    updated_at: datetime
    #: None keeps it until it is deleted.
    expires_at: datetime | None


class File(Aggregate):
    """A file whose content never changes; only what is there can be used.

    It is on record before its first byte is stored, so that whatever becomes of the upload, the
    content is found and removed.
    """

    def __init__(
        self,
        *,
        id: FileId,
        tenant_id: TenantId,
        name: str,
        type: FileType,
        source: FileSource,
        state: FileState,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.name = name
        self.type = type
        self.source = source
        self._state = state

    @classmethod
    def begin(
        cls,
        *,
        id: FileId,
        tenant_id: TenantId,
        name: str,
        type: FileType,
        source: FileSource,
        owner: FileOwner,
        now: datetime,
    ) -> "File":
        """A file whose content is on its way."""
        file = cls(
            id=id,
            tenant_id=tenant_id,
            name=name,
            type=type,
            source=source,
            version=0,
            state=FileState(
                owner=owner,
                status=FileStatus.UPLOADING,
                content=None,
                created_at=now,
                updated_at=now,
                expires_at=None,
            ),
        )
        file._changed()
        return file

    @property
    def state(self) -> FileState:
        """Everything the file remembers; a value, so looking changes nothing."""
        return self._state

    @property
    def key(self) -> str:
        """Where its content is in the storage: a tenant's files lie together."""
        return storage_key(self.tenant_id, self.id)

    def complete(
        self,
        content: FileContent,
        *,
        user: EndUserName | None,
        expires_at: datetime | None,
        now: datetime,
    ) -> None:
        """All of it is there; from now on it can be used, until it expires.

        Whose it is and how long it is kept may be told after the content.

        Raises:
            FileNotFound: it was given up or deleted meanwhile.
        """
        if self._state.status is not FileStatus.UPLOADING:
            raise FileNotFound
        self._state = replace(
            self._state,
            owner=replace(self._state.owner, user=user),
            status=FileStatus.AVAILABLE,
            content=content,
            updated_at=now,
            expires_at=expires_at,
        )
        self._changed()

    def require_available(self, *, now: datetime) -> FileContent:
        """What is stored of it, if it can be used.

        Raises:
            FileNotFound: its content is not there, or not any more.
            FileExpired: its time is over.
        """
        state = self._state
        if state.status is not FileStatus.AVAILABLE or state.content is None:
            raise FileNotFound
        if state.expires_at is not None and state.expires_at <= now:
            raise FileExpired
        return state.content

    def delete(self, *, now: datetime) -> None:
        """Let it go; nobody finds it any more, and its content is removed soon after."""
        self._state = replace(self._state, status=FileStatus.DELETED, updated_at=now)
        self._changed()

    def reference(self, *, now: datetime) -> FileReference:
        """The file as the value of a variable.

        Raises:
            FileNotFound: its content is not there, or not any more.
            FileExpired: its time is over.
        """
        content = self.require_available(now=now)
        extension = self.type.extension
        return FileReference(
            id=self.id,
            type=self.type.kind,
            transfer_method=TransferMethod.LOCAL_FILE,
            name=self.name,
            extension=f".{extension}" if extension else "",
            mime_type=self.type.media_type,
            size=content.size,
        )


def storage_key(tenant_id: TenantId, file_id: FileId) -> str:
    """The key of a file's content."""
    return f"t/{tenant_id}/files/{file_id}"
