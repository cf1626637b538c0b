"""Foreign errors of the database and its driver, told in the domain's words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from dify_hex.domain.shared.errors import DomainError, StaleVersion, Unavailable

#: Seconds after which a caller may try again: long enough for a server to restart.
RETRY_AFTER = 1.0

#: All that the driver itself raises, what the network and the operating system say included.
DRIVER_ERRORS = (
    OSError,  # TimeoutError and ConnectionError are among these
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # So speaks a connection whose server has said goodbye and has not hung up yet.
    asyncpg.InternalClientError,
)
_FOREIGN = (SQLAlchemyError, *DRIVER_ERRORS)
#: What the server or the driver says when it is gone, going, coming or full.
_AWAY = (
    OSError,
    PoolTimeout,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
#: An argument that the driver cannot encode is one of its interface errors, and is our fault.
_OURS = ValueError

#: For those who write nothing that a constraint could refuse.
NO_CONSTRAINTS: Mapping[str, type[DomainError]] = MappingProxyType({})


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached."""


class StatementTimedOut(Unavailable):
    """The database took too long for this; nothing of it was kept.

    The server is there and has taken the transaction back, so that trying again does nothing
    twice. Nobody waits for it to return, as the same may take too long for ever.
    """

    code = "sys_database_timeout"


def translated(
    error: BaseException, constraints: Mapping[str, type[DomainError]] = NO_CONSTRAINTS
) -> DomainError | None:
    """The domain error that a foreign error means; None when it is a bug or not foreign.

    `constraints` tells what the violation of each named constraint means.
    """
    if isinstance(error, StaleDataError):
        return StaleVersion()
    cause = _driver_error(error)
    if isinstance(cause, asyncpg.IntegrityConstraintViolationError):
        violated = constraints.get(cause.constraint_name or "")
        return violated() if violated else None
    if isinstance(cause, asyncpg.QueryCanceledError):
        return StatementTimedOut(retry_after=RETRY_AFTER)
    if (isinstance(cause, _AWAY) and not isinstance(cause, _OURS)) or _is_disconnect(error):
        return database_unavailable()
    return None


def database_unavailable() -> DatabaseUnavailable:
    """The error for whoever has found out without a foreign one."""
    return DatabaseUnavailable(dependency="database", retry_after=RETRY_AFTER)


@contextmanager
def translating(
    constraints: Mapping[str, type[DomainError]] = NO_CONSTRAINTS,
) -> Iterator[None]:
    """Raise the domain error in place of the foreign one; what has no meaning passes through."""
    try:
        yield
    except _FOREIGN as error:
        meaning = translated(error, constraints)
        if meaning is None:
            raise
        raise meaning from error


def _driver_error(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def _is_disconnect(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
