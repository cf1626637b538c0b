"""Rows for every table of whatever schema there is, so that migrations have something to move.

Two rows, of two tenants, go into each table. A value follows from its column's type; a column that
refers to another table takes the value of the row there; nullable columns are filled too.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import asyncpg

TENANTS = (UUID(int=1), UUID(int=2))

_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND c.relname <> 'alembic_version'
"""
_COLUMNS = """
SELECT a.attname AS name, t.typname AS type, a.attgenerated <> '' AS generated
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""
_PARENTS = """
SELECT a.attname AS name, k.confrelid::regclass::text AS parent, pa.attname AS parent_column
FROM pg_constraint k
JOIN LATERAL unnest(k.conkey, k.confkey) AS pair(child, parent) ON true
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.child
JOIN pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = pair.parent
WHERE k.contype = 'f' AND k.conrelid = $1::text::regclass
"""

Row = dict[str, object]


async def fill_every_table(owner: asyncpg.Connection) -> Mapping[str, int]:
    """Write the rows that are not there yet; how many rows each table has then."""
    written: dict[str, list[Row]] = {}
    counts: dict[str, int] = {}
    for table in await _parents_first(owner):
        async with seeing_rows(owner, table):
            written[table] = [
                await _write_row(owner, table, number, written) for number in range(len(TENANTS))
            ]
            counts[table] = await owner.fetchval(f"SELECT count(*) FROM {table}")
    return counts


@asynccontextmanager
async def seeing_rows(owner: asyncpg.Connection, table: str) -> AsyncIterator[None]:
    """A transaction in which the owner, who is blind otherwise, sees the rows of a table."""
    query = "SELECT relrowsecurity FROM pg_class WHERE oid = $1::text::regclass"
    is_walled = await owner.fetchval(query, table)
    async with owner.transaction():
        await owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        yield
        # A deferred check that is still to come would not let the table be altered.
        await owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if is_walled:
            await owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


async def _write_row(
    owner: asyncpg.Connection, table: str, number: int, written: Mapping[str, Sequence[Row]]
) -> Row:
    parents = {row["name"]: row for row in await owner.fetch(_PARENTS, table)}
    row: Row = {}
    for column in await owner.fetch(_COLUMNS, table):
        name = column["name"]
        if column["generated"]:
            continue
        if name in parents and parents[name]["parent"] != table:
            parent = parents[name]
            row[name] = written[parent["parent"]][number][parent["parent_column"]]
        else:
            row[name] = _value(table, name, column["type"], number)
    names, values = ", ".join(row), ", ".join(f"${place + 1}" for place in range(len(row)))
    await owner.execute(
        f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING", *row.values()
    )
    return row


def _value(table: str, name: str, type_name: str, number: int) -> object:
    if name == "tenant_id":
        return TENANTS[number]
    values: Mapping[str, object] = {
        "uuid": uuid5(TENANTS[number], f"{table}.{name}"),
        "text": f"{name} {number}",
        "jsonb": f'{{"number": {number}}}',
        "timestamptz": datetime(2026, 11, 21, 8, number, tzinfo=UTC),
        "date": date(2026, 11, 21 + number),
        "int2": number + 1,
        "int4": number + 1,
        "int8": number + 1,
        "float8": number + 0.5,
        "bool": bool(number),
        "bytea": f"{name} {number}".encode(),
        "_text": [name],
        "_uuid": [UUID(int=number)],
        "_int8": [number + 1],
        "halfvec": f"[{number + 1}, 2, 3]",
    }
    return values[type_name]


async def _parents_first(owner: asyncpg.Connection) -> Iterable[str]:
    waiting = {
        row["relname"]: {
            parent["parent"]
            for parent in await owner.fetch(_PARENTS, row["relname"])
            if parent["parent"] != row["relname"]
        }
        for row in await owner.fetch(_TABLES)
    }
    ordered: list[str] = []
    while waiting:
        ready = sorted(table for table, parents in waiting.items() if parents <= set(ordered))
        assert ready, f"tables refer to each other in a circle: {sorted(waiting)}"
        ordered.extend(ready)
        waiting = {table: parents for table, parents in waiting.items() if table not in ready}
    return ordered
