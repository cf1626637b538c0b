"""Foreign errors of the database in the domain's words."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from dify_hex.adapters.persistence.errors import StatementTimedOut, translated, translating
from dify_hex.domain.shared.errors import StaleVersion, Unavailable
from tests.conformance.notes import NoteTitleExists

CONSTRAINTS = {"uq_notes_title": NoteTitleExists}


def violation(constraint: str) -> asyncpg.UniqueViolationError:
    error = asyncpg.UniqueViolationError("duplicate key value")
    error.constraint_name = constraint
    return error


def wrapped(cause: Exception, *, disconnect: bool = False) -> DBAPIError:
    """The error as SQLAlchemy raises it: around the dialect's, around the driver's."""
    dialect_error = Exception(str(cause))
    dialect_error.__cause__ = cause
    kind = IntegrityError if isinstance(cause, asyncpg.UniqueViolationError) else DBAPIError
    return kind("SELECT 1", {}, dialect_error, connection_invalidated=disconnect)


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionRefusedError(),
        FileNotFoundError("no such socket"),
        PoolTimeout(),
        asyncpg.ConnectionDoesNotExistError("closed in the middle"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("shutting down"),
        asyncpg.TooManyConnectionsError("full"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.InvalidPasswordError("wrong"),
        asyncpg.InvalidCatalogNameError("no such database"),
        asyncpg.InternalClientError(
            "cannot switch to state 12; another operation (2) is in progress"
        ),
        asyncpg.CrashShutdownError("another server process has crashed"),
        asyncpg.PostgresIOError("the disk is gone"),
        asyncpg.IdleInTransactionSessionTimeoutError("we were asleep"),
        wrapped(asyncpg.ConnectionDoesNotExistError("closed in the middle")),
        wrapped(ValueError("broken protocol"), disconnect=True),
    ],
    ids=repr,
)
def test_a_database_that_is_away_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable) as caught, translating():
        raise error
    assert caught.value.details == {"dependency": "database"}
    assert caught.value.retry_after == 1.0
    assert isinstance(translated(error), Unavailable)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
        wrapped(asyncpg.QueryCanceledError("canceling statement due to user request")),
    ],
    ids=repr,
)
def test_a_statement_that_took_too_long_is_not_a_database_that_is_away(error: Exception) -> None:
    meaning = translated(error)
    assert isinstance(meaning, StatementTimedOut)
    assert (meaning.code, meaning.details) == ("sys_database_timeout", {})


@pytest.mark.parametrize("wrap", [lambda error: error, wrapped])
def test_a_violated_constraint_means_what_the_table_says(wrap: object) -> None:
    assert callable(wrap)
    error = wrap(violation("uq_notes_title"))
    assert isinstance(translated(error, CONSTRAINTS), NoteTitleExists)


def test_an_update_that_found_no_row_of_its_version_is_stale() -> None:
    assert isinstance(translated(StaleDataError("0 rows matched")), StaleVersion)


@pytest.mark.parametrize(
    "error",
    [
        violation("uq_unheard_of"),
        asyncpg.UndefinedTableError("no such table"),
        asyncpg.InsufficientPrivilegeError("denied"),
        asyncpg.DataError("an argument that cannot be encoded"),
        wrapped(asyncpg.UndefinedColumnError("no such column")),
        asyncpg.exceptions.DataError("out of range"),
        InvalidRequestError("a bug"),
        KeyError("a bug"),
    ],
    ids=repr,
)
def test_a_bug_stays_a_bug(error: Exception) -> None:
    assert translated(error, CONSTRAINTS) is None
    with pytest.raises(type(error)), translating(CONSTRAINTS):
        raise error


def test_a_translated_error_remembers_its_cause() -> None:
    cause = ConnectionRefusedError()
    with pytest.raises(Unavailable) as caught, translating():
        raise cause
    assert caught.value.__cause__ is cause
