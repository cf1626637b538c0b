"""Where files are on record."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Protocol

from dify_hex.domain.file.file import File
from dify_hex.domain.shared.ids import FileId


class FileRepository(Protocol):
    """The files of one tenant, also those that are on their way in or about to be removed."""

    @abstractmethod
    async def get(self, file_id: FileId) -> File:
        """The file.

        Raises:
            FileNotFound: there is none.
        """

    @abstractmethod
    async def find_all(self, file_ids: Collection[FileId]) -> Mapping[FileId, File]:
        """Those of the files that exist."""

    @abstractmethod
    def add(self, file: File) -> None:
        """Keep a new file."""

    @abstractmethod
    async def remove(self, file: File) -> None:
        """Forget a file whose content is gone."""
