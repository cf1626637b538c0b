"""What the file slice needs of the outside."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dify_hex.application.file.read_models import FileView
from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.domain.file.file import FileContent
from dify_hex.domain.file.repository import FileRepository
from dify_hex.domain.shared.ids import AppId, EndUserName, FileId, TenantId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest


class FileWork(UnitOfWork, Protocol):
    """A transaction over files."""

    @property
    @abstractmethod
    def files(self) -> FileRepository:
        """The tenant's files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """Bytes from `start` up to, but not with, `end`."""

    start: int
    end: int


class FileStorage(Protocol):
    """Keeps the contents of files, which pass through in pieces.

    Every method raises `StorageUnavailable` when the storage is away or too slow.
    """

    @abstractmethod
    async def put(self, key: str, content: AsyncIterator[bytes]) -> FileContent:
        """Keep everything that the iterator gives; its own errors pass through.

        The key shows all of it or nothing: after an error, or when the caller was cancelled,
        nothing is left. Memory is bounded whatever the size.
        """

    @abstractmethod
    async def open(self, key: str, range: ByteRange | None = None) -> AsyncIterator[bytes]:
        """The content in pieces, or that part of it.

        Raises:
            FileNotFound: nothing is kept under the key.
        """

    @abstractmethod
    async def exists(self, key: str) -> bool:
        """Whether something is kept under the key."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove what is kept under the key; nothing is fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """Who holds a link may fetch one file until it expires, and needs no credentials."""

    tenant_id: TenantId
    file_id: FileId
    expires_at: datetime


class FileLinkSigner(Protocol):
    """Makes links that nobody else can make."""

    @abstractmethod
    def sign(self, link: FileLink) -> str:
        """A signature of the link, fit for an address."""

    @abstractmethod
    def is_genuine(self, link: FileLink, signature: str) -> bool:
        """Whether the link was signed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """Whose files to list; None means everybody's."""

    app_id: AppId | None = None
    user: EndUserName | None = None


class FileReader(Protocol):
    """Looks at files without loading them; what cannot be used is not there."""

    @abstractmethod
    async def list_files(
        self, tenant_id: TenantId, wanted: FileFilter, cursor: CursorRequest
    ) -> CursorPage[FileView]:
        """Files, the latest first; those of documents are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneFile:
    """A file that nobody can use any more, and where its content may still be."""

    id: FileId
    key: str


class DoneFiles(Protocol):
    """The files of all tenants that are deleted, expired, or never came in whole."""

    @abstractmethod
    async def due(self, *, limit: int, given_up_before: datetime) -> Sequence[DoneFile]:
        """Some of them; uploads that began before that moment are given up."""

    @abstractmethod
    async def forget(self, file_ids: Sequence[FileId]) -> None:
        """Take them off the record, their contents being gone."""
