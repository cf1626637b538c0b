"""The tenant wall of the database: what stands when the application's own filters do not."""

from collections.abc import Sequence
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.row_level_security import APP_ROLE
from dify_hex.adapters.persistence.transactions import (
    TenantTransaction,
    begin_statement,
    tenant_connection,
)
from dify_hex.domain.shared.ids import TenantId
from tests.conformance.notes import Note
from tests.integration.persistence.sample_slice import NoteRow, NoteWork
from tests.migrations.rows import fill_every_table

pytestmark = pytest.mark.usefixtures("notes")


async def write_note(engine: AsyncEngine, tenant_id: TenantId, title: str) -> None:
    async with NoteWork(engine, tenant_id) as work:
        work.notes.add(Note.create(id=uuid4(), tenant_id=tenant_id, title=title))
        await work.commit()


async def execute_as(pool: asyncpg.Pool, tenants: Sequence[TenantId], statement: str) -> None:
    async with tenant_connection(pool, *tenants) as connection:
        await connection.execute(statement)


async def test_a_recycled_pooled_connection_with_an_empty_setting_sees_nobody(
    engine: AsyncEngine, pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    await write_note(engine, tenant_id, "kept")
    async with pool.acquire() as connection:
        # A setting that was local to a transaction is '' ever after, no longer absent.
        await connection.execute(begin_statement([tenant_id]))
        assert await connection.fetchval("SELECT count(*) FROM notes") == 1
        await connection.execute("COMMIT")
        assert await connection.fetchval("SELECT current_setting('app.tenants', true)") == ""
        assert await connection.fetchval("SELECT count(*) FROM notes") == 0


async def test_a_connection_that_never_named_a_tenant_sees_nobody(
    engine: AsyncEngine, pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    await write_note(engine, tenant_id, "kept")
    assert await pool.fetchval("SELECT current_setting('app.tenants', true)") is None
    assert await pool.fetchval("SELECT count(*) FROM notes") == 0


async def test_a_batch_of_several_tenants_sees_exactly_theirs(
    engine: AsyncEngine, pool: asyncpg.Pool, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    third = TenantId(uuid4())
    for tenant, title in ((tenant_id, "one"), (other_tenant_id, "two"), (third, "three")):
        await write_note(engine, tenant, title)
    async with tenant_connection(pool, tenant_id, other_tenant_id) as connection:
        rows = await connection.fetch("SELECT title FROM notes ORDER BY title")
        await connection.executemany(
            "INSERT INTO notes (id, tenant_id, title, version) VALUES ($1, $2, $3, 1)",
            [(uuid4(), tenant_id, "four"), (uuid4(), other_tenant_id, "five")],
        )
    assert [row["title"] for row in rows] == ["one", "two"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute_as(
            pool,
            [tenant_id, other_tenant_id],
            "INSERT INTO notes (id, tenant_id, title, version)"
            f" VALUES ('{uuid4()}', '{third}', 'six', 1)",
        )


async def test_a_query_with_its_filter_removed_returns_nothing_of_others(
    engine: AsyncEngine, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    await write_note(engine, tenant_id, "mine")
    await write_note(engine, other_tenant_id, "theirs")
    transaction = TenantTransaction(engine, tenant_id)
    connection = await transaction.begin()
    titles = (await connection.scalars(select(NoteRow.title))).all()
    changed = await connection.exec_driver_sql("UPDATE notes SET title = 'mine too'")
    deleted = await connection.exec_driver_sql("DELETE FROM notes")
    await transaction.close()
    assert (titles, changed.rowcount, deleted.rowcount) == (["mine"], 1, 1)


async def test_a_row_cannot_be_moved_to_another_tenant(
    engine: AsyncEngine, pool: asyncpg.Pool, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    await write_note(engine, tenant_id, "mine")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute_as(pool, [tenant_id], f"UPDATE notes SET tenant_id = '{other_tenant_id}'")


async def test_not_even_the_owner_of_the_tables_sees_rows(
    engine: AsyncEngine, owner: asyncpg.Connection, tenant_id: TenantId
) -> None:
    await write_note(engine, tenant_id, "mine")
    assert await owner.fetchval("SELECT count(*) FROM notes") == 0


async def test_the_system_role_sees_only_what_a_table_grants_it(
    system_pool: asyncpg.Pool,
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await system_pool.fetch("SELECT * FROM notes")


class TestEveryTable:
    """What holds for each table of the schema, also for one that is added tomorrow."""

    async def test_with_a_tenant_is_behind_the_forced_wall(self, owner: asyncpg.Connection) -> None:
        tables = await owner.fetch(
            """
            SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
                   array_agg(p.polname::text) FILTER (WHERE p.polname IS NOT NULL) AS policies
            FROM pg_class c
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
            LEFT JOIN pg_policy p ON p.polrelid = c.oid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND NOT c.relispartition
            GROUP BY c.oid
            """
        )
        assert tables
        open_tables = [
            row["relname"]
            for row in tables
            if not (row["relrowsecurity"] and row["relforcerowsecurity"])
            or "tenant_wall" not in (row["policies"] or [])
        ]
        assert open_tables == []

    async def test_with_a_tenant_has_the_same_wall_for_reading_and_writing_and_no_door_beside_it(
        self, owner: asyncpg.Connection
    ) -> None:
        policies = await owner.fetch(
            "SELECT DISTINCT polname, pg_get_expr(polqual, polrelid) AS reading,"
            " pg_get_expr(polwithcheck, polrelid) AS writing, polcmd,"
            " polroles::regrole[]::text[] AS roles"
            " FROM pg_policy JOIN pg_attribute a ON attrelid = polrelid AND attname = 'tenant_id'"
            f" WHERE '{APP_ROLE}'::regrole = ANY(polroles) OR 0 = ANY(polroles)"
        )
        assert [row["polname"] for row in policies] == ["tenant_wall"]
        wall = policies[0]
        assert wall["reading"] == wall["writing"]
        assert "app.tenants" in wall["reading"]
        assert (wall["polcmd"], wall["roles"]) == (b"*", [APP_ROLE])

    async def test_without_a_tenant_shows_the_application_only_what_a_tenant_leads_to(
        self, owner: asyncpg.Connection, pool: asyncpg.Pool
    ) -> None:
        await fill_every_table(owner)
        tables = await owner.fetch(
            "SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'"
            " AND has_any_column_privilege($1, c.oid, 'SELECT')",
            APP_ROLE,
        )
        assert tables
        for row in tables:
            query = f"SELECT count(*) FROM {row['relname']}"
            assert await pool.fetchval(query) == 0, f"{row['relname']} shows rows to nobody"

    async def test_is_granted_to_the_application_and_to_nobody_else_unnamed(
        self, owner: asyncpg.Connection
    ) -> None:
        ungranted = await owner.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition"
            f" AND NOT has_any_column_privilege('{APP_ROLE}', oid, 'SELECT, INSERT')"
        )
        public = await owner.fetch(
            "SELECT relname FROM pg_class, aclexplode(relacl) AS acl"
            " WHERE relnamespace = 'public'::regnamespace AND acl.grantee = 0"
        )
        assert (ungranted, public) == ([], [])

    async def test_has_partitions_that_nobody_reaches_past_it(
        self, owner: asyncpg.Connection
    ) -> None:
        # A policy guards the way through the partitioned table only.
        reachable = await owner.fetch(
            "SELECT relname FROM pg_class, aclexplode(relacl) AS acl"
            " WHERE relispartition AND relkind = 'r' AND acl.grantee <> relowner"
        )
        assert reachable == []

    async def test_stays_closed_to_the_application_until_it_is_granted(
        self, owner: asyncpg.Connection, pool: asyncpg.Pool
    ) -> None:
        await owner.execute("CREATE TABLE fresh (id int)")
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.fetch("SELECT * FROM fresh")
        finally:
            await owner.execute("DROP TABLE fresh")


class TestTheApplicationsRole:
    """The login that requests are served with."""

    async def test_owns_nothing(self, owner: asyncpg.Connection) -> None:
        owned = await owner.fetchval(
            "SELECT count(*) FROM pg_shdepend"
            f" WHERE deptype = 'o' AND refobjid = '{APP_ROLE}'::regrole"
        )
        assert owned == 0

    async def test_cannot_become_anyone_else(self, pool: asyncpg.Pool) -> None:
        row = await pool.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
            " EXISTS (SELECT 1 FROM pg_auth_members WHERE member = r.oid) AS belongs_to_another"
            " FROM pg_roles r WHERE rolname = current_user"
        )
        assert not any(row.values())

    async def test_cannot_make_tables_or_switch_the_wall_off(self, pool: asyncpg.Pool) -> None:
        for statement in (
            "CREATE TABLE mine (id int)",
            "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
            "DROP POLICY tenant_wall ON notes",
            "TRUNCATE notes",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)

    async def test_may_call_only_functions_that_were_granted_to_it(
        self, owner: asyncpg.Connection, pool: asyncpg.Pool
    ) -> None:
        await owner.execute("CREATE FUNCTION forgotten() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.fetchval("SELECT forgotten()")
        finally:
            await owner.execute("DROP FUNCTION forgotten()")
