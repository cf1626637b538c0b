"""Statements with named parameters on a bare connection of the driver, which knows numbers only."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import asyncpg
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

_DIALECT = postgresql.asyncpg.dialect()  # type: ignore[no-untyped-call] # as it comes


async def fetch(
    connection: asyncpg.Connection, statement: str, parameters: Mapping[str, object]
) -> Sequence[asyncpg.Record]:
    """The rows that the statement brings."""
    numbered, names = in_numbers(statement)
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        numbered, *[parameters[name] for name in names]
    )
    return rows


@lru_cache(maxsize=512)
def in_numbers(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with `$1` in place of a name, and the names in the order of their numbers.

    Filters make statements of their own; their conditions are few, and their values are not part
    of any.
    """
    compiled = text(statement).compile(dialect=_DIALECT)
    return str(compiled), tuple(compiled.positiontup or ())
