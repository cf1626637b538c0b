"""Opens the store that a URL names: a folder, memory, S3 and its like, Google's or Azure's."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

#: The schemes that are understood, and where their credentials come from: the environment
#: variables of each vendor (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
REMOTE_SCHEMES = frozenset({"s3", "gs", "az"})


class StorageNotUnderstood(ValueError):
    """The URL of the storage names nothing that can be opened; the message says what can."""


def open_store(url: str | None, folder: Path) -> ObjectStore:
    """The store of that URL; without one, the folder, which is made when it is absent.

    Nothing is connected to before it is used.

    Raises:
        StorageNotUnderstood: the scheme is not among those that are understood, or the vendor's
            client misses something.
    """
    scheme = "file" if url is None else urlsplit(url).scheme
    if url is None or scheme == "file":
        return _local(folder if url is None else Path(urlsplit(url).path))
    if scheme == "memory":
        return MemoryStore()
    if scheme not in REMOTE_SCHEMES:
        raise StorageNotUnderstood(
            "DIFY_HEX_STORAGE_URL begins with file://, s3://, gs://, az:// or memory://"
        )
    try:
        return from_url(
            url,
            client_options={
                "connect_timeout": timedelta(seconds=3),
                # Of a whole download; each piece of it has its own, much shorter limit.
                "timeout": timedelta(hours=1),
                "allow_http": True,
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=15)},
        )
    except BaseError as error:
        reason = str(error).partition("\n")[0]
        raise StorageNotUnderstood(f"DIFY_HEX_STORAGE_URL cannot be used: {reason}") from None


def _local(folder: Path) -> LocalStore:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(folder)
