"""How nodes come by what is in a file."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId
from dify_hex.domain.shared.values.file_reference import FileReference


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file that is there; `size` is in bytes, and `parts` gives all of them, as often as asked.

    Reading raises what `FileContents.read` does.
    """

    name: str
    media_type: str
    size: int
    parts: Callable[[], AsyncIterator[bytes]]


class FileContents(Protocol):
    """Reads the files that values name, whole or piece by piece."""

    @abstractmethod
    async def read(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> bytes:
        """Everything in the file, wherever it is: at most `limit` bytes.

        Raises:
            FileNotFound: there is no such file, or not for a run of this app for this end user.
            FileExpired: its time is over.
            FileTooLarge: it holds more.
            StorageUnavailable: the storage is away.
        """

    @abstractmethod
    async def open(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> OpenedFile:
        """The file, ready to be read; one that is not ours is fetched first.

        Raises:
            DomainError: as `read` does.
        """


class NoFileContents(FileContents):
    """Where no files are kept, there is nothing in them."""

    async def read(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> bytes:
        """Nothing.

        Raises:
            FileNotFound: always.
        """
        del tenant_id, file, app_id, user, limit
        raise FileNotFound

    async def open(
        self,
        tenant_id: TenantId,
        file: FileReference,
        *,
        app_id: AppId,
        user: EndUserName,
        limit: int,
    ) -> OpenedFile:
        """Nothing.

        Raises:
            FileNotFound: always.
        """
        del tenant_id, file, app_id, user, limit
        raise FileNotFound
