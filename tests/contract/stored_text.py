"""Everything that a database holds, as one text to search for what must not be in it."""

import asyncpg

from dify_hex.adapters.persistence.engine import driver_dsn
from tests.migrations.rows import seeing_rows

_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition
"""
#: Answers are kept as bytes, which would show as hexadecimal.
_ANSWERS = """
SELECT convert_from(body, 'UTF8') FROM idempotency_keys WHERE body IS NOT NULL
"""


async def everything_stored(admin_url: str) -> str:
    """Every row of every table, read by the owner of the tables."""
    connection = await asyncpg.connect(driver_dsn(admin_url))
    try:
        texts: list[str] = []
        for (table,) in await connection.fetch(_TABLES):
            async with seeing_rows(connection, table):
                rows = await connection.fetch(f"SELECT t::text FROM {table} t")
                texts += [text for (text,) in rows]
        async with seeing_rows(connection, "idempotency_keys"):
            texts += [text for (text,) in await connection.fetch(_ANSWERS)]
    finally:
        await connection.close()
    return "\n".join(texts)
