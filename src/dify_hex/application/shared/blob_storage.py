"""Where bytes that are too many for the database are kept, under keys of our own making."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.shared.errors import NotFound, Unavailable


class StorageUnavailable(Unavailable):
    """The object storage cannot be reached."""


class BlobNotFound(NotFound):
    """What was put aside for this is not there any more."""

    code = "storage_blob_not_found"


class BlobStorage(Protocol):
    """Keeps small blobs whole: values of runs, up to a few megabytes each.

    Keys are parts joined by `/`, the tenant's first (`t/<tenant>/…`). Every method raises
    `StorageUnavailable` when the storage is away or too slow.
    """

    @abstractmethod
    async def put(self, key: str, content: bytes) -> None:
        """Keep the content under the key, in place of what was there."""

    @abstractmethod
    async def get(self, key: str) -> bytes:
        """The content of the key.

        Raises:
            BlobNotFound: there is none.
        """

    @abstractmethod
    async def delete(self, prefix: str) -> None:
        """Remove everything whose key begins with the parts of the prefix; nothing is fine."""
