"""A file that is about to be read."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dify_hex.application.file.ports import ByteRange, FileStorage
from dify_hex.application.file.read_models import FileView
from dify_hex.domain.file.file import File
from dify_hex.domain.file.file_type import FileType


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableFile:
    """What the file is, and the way to its content; `type` says how it may be shown."""

    view: FileView
    type: FileType
    key: str
    storage: FileStorage

    @classmethod
    def of(cls, file: File, storage: FileStorage, *, now: datetime) -> Self:
        """The file, ready to be read from the storage.

        Raises:
            FileNotFound: its content is not there, or not any more.
            FileExpired: its time is over.
        """
        view = FileView.of(file, file.require_available(now=now))
        return cls(view=view, type=file.type, key=file.key, storage=storage)

    async def read(self, range: ByteRange | None = None) -> AsyncIterator[bytes]:
        """The content in pieces, or a part of it.

        Raises:
            FileNotFound: it was removed meanwhile.
            StorageUnavailable: the storage is away.
        """
        return await self.storage.open(self.key, range)
