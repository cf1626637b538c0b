"""Every query of the adapter is answered by an index, also one that is written tomorrow."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.transactions import begin_statement, tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import TenantId
from tests.integration.persistence.query_plans import (
    PREFER_INDEXES,
    PREFER_ORDER,
    Query,
    calls,
    faults,
    generic_plan_of,
    methods,
    plan_of,
    raw_statements,
    readers,
    recorded,
    sorts,
)
from tests.migrations.rows import TENANTS, fill_every_table, seeing_rows

TENANT = TenantId(TENANTS[0])
#: What a made-up row or argument may lead to after its query has run.
AFTERWARDS = (DomainError, ValueError, KeyError, TypeError, SQLAlchemyError)
STATEMENTS = dict(raw_statements())
REPOSITORIES = [
    name for name, member in vars(SqlUnitOfWork).items() if isinstance(member, cached_property)
]


@pytest.fixture
async def ids(owner: asyncpg.Connection) -> Mapping[str, UUID]:
    """The id of a living row for each type of id, by the name of its table."""
    await fill_every_table(owner)
    found: dict[str, UUID] = {"TenantId": TENANT}
    tables = await owner.fetch(
        "SELECT relname, array_agg(attname::text) AS columns FROM pg_class"
        " JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname <> 'alembic_version' GROUP BY relname"
    )
    for table, columns in tables:
        if not {"id", "tenant_id"} <= set(columns):
            continue
        async with seeing_rows(owner, table):
            if "deleted_at" in columns:
                living = f"UPDATE {table} SET deleted_at = NULL WHERE tenant_id = $1"
                await owner.execute(living, TENANT)
            words = table.removesuffix("s").split("_")
            found["".join(map(str.capitalize, words)) + "Id"] = await owner.fetchval(
                f"SELECT id FROM {table} WHERE tenant_id = $1", TENANT
            )
    return found


@pytest.fixture
async def partial_indexes(owner: asyncpg.Connection) -> Sequence[str]:
    """Indexes that leave rows out: reading all of one is no fault."""
    rows = await owner.fetch(
        "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indpred IS NOT NULL"
    )
    return [row["name"] for row in rows]


@pytest.fixture
async def planner(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of the application whose planner prefers indexes."""
    async with pool.acquire() as connection:
        await connection.execute(begin_statement([TENANT]))
        await connection.execute(PREFER_INDEXES)
        yield connection
        await connection.execute("ROLLBACK")


@pytest.mark.parametrize("reader_type", list(readers()), ids=lambda kind: kind.__name__)
async def test_every_list_of_a_reader_is_read_from_an_index_in_its_order(
    reader_type: type[Any],
    engine: AsyncEngine,
    planner: asyncpg.Connection,
    ids: Mapping[str, UUID],
    partial_indexes: Sequence[str],
) -> None:
    reader = reader_type(tenant_reads(engine))
    await planner.execute(PREFER_ORDER)
    for name in methods(reader_type):
        queries = await queries_of(engine, reader, name, ids)
        assert queries, f"{name} asks nothing"
        for query in queries:
            plan = await plan_of(planner, query)
            assert list(faults(plan, partial_indexes)) == [], query.sql
            if re.search(r"ORDER BY.*LIMIT", query.sql, re.DOTALL):
                assert not sorts(plan), query.sql


@pytest.mark.parametrize("name", REPOSITORIES)
async def test_every_look_up_of_a_repository_uses_an_index(
    name: str,
    engine: AsyncEngine,
    planner: asyncpg.Connection,
    ids: Mapping[str, UUID],
    partial_indexes: Sequence[str],
) -> None:
    async with SqlUnitOfWork(engine, TENANT) as work:
        repository = getattr(work, name)
    for method in methods(type(repository)):
        for query in await repository_queries(engine, name, method, ids):
            if query.sql.lstrip().startswith("INSERT"):
                continue
            plan = await plan_of(planner, query)
            assert list(faults(plan, partial_indexes)) == [], query.sql


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_every_statement_written_as_text_uses_an_index(
    name: str,
    pool: asyncpg.Pool,
    system_pool: asyncpg.Pool,
    partial_indexes: Sequence[str],
) -> None:
    plan = await plan_by_whoever_may(STATEMENTS[name], pool, system_pool)
    assert list(faults(plan, partial_indexes)) == [], name


async def plan_by_whoever_may(
    sql: str, pool: asyncpg.Pool, system_pool: asyncpg.Pool
) -> dict[str, Any]:
    refused: asyncpg.PostgresError | None = None
    for each in (pool, system_pool):
        async with each.acquire() as connection:
            await connection.execute(begin_statement([TENANT]))
            try:
                await connection.execute(PREFER_INDEXES)
                return await generic_plan_of(connection, sql)
            except asyncpg.InsufficientPrivilegeError as error:
                refused = error
            finally:
                await connection.execute("ROLLBACK")
    raise AssertionError(f"no role may run it: {refused}")


async def queries_of(
    engine: AsyncEngine, reader: object, name: str, ids: Mapping[str, UUID]
) -> list[Query]:
    method = getattr(reader, name)
    async with recorded(engine) as queries:
        for arguments in calls(method, ids):
            try:
                await method(**arguments)
            except AFTERWARDS:
                continue
    return distinct(queries)


async def repository_queries(
    engine: AsyncEngine, repository: str, name: str, ids: Mapping[str, UUID]
) -> list[Query]:
    async with recorded(engine) as queries:
        async with SqlUnitOfWork(engine, TENANT) as work:
            method = getattr(getattr(work, repository), name)
        try:
            choices = list(calls(method, ids))
        except NotImplementedError:
            return []
        for arguments in choices:
            try:
                async with SqlUnitOfWork(engine, TENANT) as work:
                    await getattr(getattr(work, repository), name)(**arguments)
            except AFTERWARDS:
                continue
    return distinct(queries)


def distinct(queries: Sequence[Query]) -> list[Query]:
    return list({query.sql: query for query in queries}.values())
