"""What the storage's client raises, told in the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from dify_hex.application.shared.blob_storage import StorageUnavailable

#: Seconds after which a caller may try again.
RETRY_AFTER = 2.0


@contextmanager
def translating() -> Iterator[None]:
    """Raise `StorageUnavailable` in place of the client's errors; a missing key passes through."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        # A time limit is an OSError, too.
        raise StorageUnavailable(dependency="storage", retry_after=RETRY_AFTER) from error
