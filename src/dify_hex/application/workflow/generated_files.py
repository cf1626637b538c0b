"""How nodes leave files behind, as values of their run."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from dify_hex.application.file.file_intake import FileDetails, FileIntake, NewFile
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.file.errors import FileNameInvalid
from dify_hex.domain.file.file import FileOwner, FileSource
from dify_hex.domain.file.names import FileName
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId
from dify_hex.domain.shared.values.file_reference import FileReference


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOwner:
    """For whom a run runs: whose files it may read, and whose those are that it makes."""

    tenant_id: TenantId
    app_id: AppId
    user: EndUserName


class GeneratedFiles(Protocol):
    """Keeps what a run has made, or has been given by others."""

    @abstractmethod
    async def keep(
        self, owner: RunOwner, name: str, content: AsyncIterator[bytes]
    ) -> FileReference:
        """The file, stored; its content decides what it is, and its name if need be.

        Raises:
            FileTypeUnsupported: the operator does not want files of its type.
            FileTooLarge: it is larger than files of its kind may be.
            FileEmpty: there is nothing in it.
            StorageUnavailable: it cannot be stored at present.
        """


class NoGeneratedFiles(GeneratedFiles):
    """Where no files are kept, none can be left."""

    async def keep(
        self, owner: RunOwner, name: str, content: AsyncIterator[bytes]
    ) -> FileReference:
        """Nothing is kept.

        Raises:
            StorageUnavailable: always.
        """
        del owner, name, content
        raise StorageUnavailable


class StoredGeneratedFiles(GeneratedFiles):
    """Keeps them beside what is handed in, under the same limits."""

    def __init__(self, *, intake: FileIntake, clock: Clock) -> None:
        self._intake = intake
        self._clock = clock

    async def keep(
        self, owner: RunOwner, name: str, content: AsyncIterator[bytes]
    ) -> FileReference:
        """The file, stored for the run's app and end user."""

        async def details() -> FileDetails:
            return FileDetails(user=owner.user)

        new = NewFile(
            tenant_id=owner.tenant_id,
            name=_usable(name),
            source=FileSource.GENERATED,
            owner=FileOwner(app_id=owner.app_id),
        )
        file = await self._intake.take(new, content, details)
        return file.reference(now=self._clock.now())


def _usable(name: str) -> FileName:
    try:
        return FileName.parse(name)
    except FileNameInvalid:
        return FileName.parse("file")
