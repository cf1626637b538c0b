"""What the application's own login cannot see of other people, even with no filter at all."""

import asyncpg
import pytest

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.shared.ids import TenantId
from tests.builders.account import a_membership
from tests.builders.stored_identity import Begin, Stored, store_session

TABLES = ("memberships", "api_keys", "sessions", "one_time_links")


async def test_password_hashes_cannot_be_queried(pool: asyncpg.Pool, stored: Stored) -> None:
    for statement in ("SELECT password_hash FROM accounts", "SELECT * FROM accounts"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with tenant_connection(pool, stored.tenant_id) as connection:
                await connection.fetch(statement)


async def test_a_query_without_a_filter_shows_the_tenants_own_people_only(
    pool: asyncpg.Pool, stored: Stored, other: Stored
) -> None:
    async with tenant_connection(pool, stored.tenant_id) as connection:
        accounts = await connection.fetch("SELECT id FROM accounts")
        tenants = await connection.fetch("SELECT id FROM tenants")

    assert [row["id"] for row in accounts] == [stored.account_id]
    assert [row["id"] for row in tenants] == [stored.tenant_id]


async def test_a_change_without_a_filter_changes_the_tenants_own_people_only(
    pool: asyncpg.Pool, stored: Stored, other: Stored
) -> None:
    async with tenant_connection(pool, stored.tenant_id) as connection:
        done = await connection.execute("UPDATE accounts SET name = 'nobody'")

    assert done == "UPDATE 1"


async def test_nobody_is_seen_without_a_tenant(
    pool: asyncpg.Pool, begin: Begin, stored: Stored
) -> None:
    await store_session(begin, stored)
    async with tenant_connection(pool) as connection:
        for table in (*TABLES, "tenants"):
            assert not await connection.fetch(f"SELECT 1 FROM {table}"), table
        assert not await connection.fetch("SELECT id FROM accounts")


async def test_the_hash_of_somebody_elsewhere_is_not_told(
    pool: asyncpg.Pool, stored: Stored, other: Stored
) -> None:
    query = "SELECT own_password_hash($1)"
    async with tenant_connection(pool, stored.tenant_id) as connection:
        assert await connection.fetchval(query, stored.account_id) == "hash"
        assert await connection.fetchval(query, other.account_id) is None


async def test_an_account_is_seen_by_every_tenant_it_belongs_to(
    pool: asyncpg.Pool, begin: Begin, stored: Stored, other: Stored
) -> None:
    async with begin(other.tenant_id) as work:
        work.memberships.add(
            a_membership(Role.VIEWER, account_id=stored.account_id, tenant_id=other.tenant_id)
        )
        await work.commit()

    async with tenant_connection(pool, other.tenant_id) as connection:
        found = await connection.fetch("SELECT id FROM accounts")
    assert {row["id"] for row in found} == {stored.account_id, other.account_id}


async def test_accounts_are_never_deleted_by_the_application(
    pool: asyncpg.Pool, stored: Stored
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with tenant_connection(pool, stored.tenant_id) as connection:
            await connection.execute("DELETE FROM accounts")


async def test_the_functions_belong_to_a_role_that_cannot_log_in(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT p.proname, r.rolname, r.rolcanlogin, r.rolbypassrls, r.rolsuper, p.proconfig,"
        " has_function_privilege('public', p.oid, 'EXECUTE') AS everybody"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef"
    )
    assert len(rows) >= 10
    for row in rows:
        assert not row["rolcanlogin"], row["proname"]
        assert not row["rolbypassrls"], row["proname"]
        assert not row["rolsuper"], row["proname"]
        assert not row["everybody"], row["proname"]
        # Unless it is named last, the caller's temporary tables are looked at first.
        assert "search_path=pg_catalog, public, pg_temp" in row["proconfig"], row["proname"]


async def test_a_tenant_cannot_be_made_under_the_name_of_another(
    pool: asyncpg.Pool, stored: Stored
) -> None:
    stranger = TenantId(new_id())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with tenant_connection(pool, stored.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO tenants (id, name, slug, status, member_limit, api_key_limit,"
                " created_at, updated_at, version)"
                " VALUES ($1, 'x', 'x', 'active', 1, 1, now(), now(), 1)",
                stranger,
            )
