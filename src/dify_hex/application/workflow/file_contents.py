"""How nodes come by what is in a file."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId
from dify_hex.domain.shared.values.file_reference import FileReference


class FileContents(Protocol):
    """Reads files into memory, for what cannot take them piece by piece."""

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
