"""Foreign errors of the database and its driver, told in the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from dify_hex.adapters.persistence.constraints import CONSTRAINT_ERRORS
from dify_hex.domain.shared.errors import DomainError, StaleVersion, Unavailable

#: Seconds after which a caller may try again: long enough for a server to restart.
RETRY_AFTER = 1.0

#: What the server or the driver says when it is gone, going, coming, full or too slow.
_AWAY = (
    OSError,  # TimeoutError and ConnectionError are among these
    PoolTimeout,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached."""


def translated(error: BaseException) -> DomainError | None:
    """The domain error that a foreign error means; None when it is a bug or not foreign."""
    if isinstance(error, StaleDataError):
        return StaleVersion()
    cause = _driver_error(error)
    if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
        violated = CONSTRAINT_ERRORS.get(cause.constraint_name or "")
        return violated() if violated else None
    if isinstance(cause, _AWAY) or _is_disconnect(error):
        return DatabaseUnavailable(dependency="database", retry_after=RETRY_AFTER)
    return None


@contextmanager
def translating() -> Iterator[None]:
    """Raise the domain error in place of the foreign one; what has no meaning passes through."""
    try:
        yield
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        meaning = translated(error)
        if meaning is None:
            raise
        raise meaning from error


def _driver_error(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def _is_disconnect(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
