"""The tenant wall inside the database, as DDL for migrations.

Roles (all made before the first migration, by `dify-hex up` or an administrator):

- `dify_hex_owner` owns every object and runs migrations. Row-level security is forced, so even the
  owner sees no rows of a tenant table. A migration that must change rows does it between
  `owner_sees_rows(table)` and `owner_is_blind(table)`, in its own transaction.
- `dify_hex_app` serves requests. It owns nothing, and sees the rows of the tenants that its
  transaction has named in `app.tenants`. A recycled connection keeps an empty setting, which means
  nobody.
- `dify_hex_system` is the relay's and the scheduler's. It works across tenants, on the tables that
  grant it something and on no other.
- `dify_hex_definer` cannot log in. It owns the few functions that must look before the tenant is
  known (an API key by its hash), and may read exactly the tables that such a function names.
"""

OWNER_ROLE = "dify_hex_owner"
APP_ROLE = "dify_hex_app"
SYSTEM_ROLE = "dify_hex_system"
DEFINER_ROLE = "dify_hex_definer"

#: True for rows of the transaction's tenants; an unset or an empty setting means nobody.
TENANT_WALL = (
    "tenant_id = ANY(string_to_array("
    "nullif(current_setting('app.tenants', true), ''), ',')::uuid[])"
)

READ_ONLY = ("SELECT",)
READ_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")


def tenant_table(
    table: str,
    *,
    app: tuple[str, ...] = READ_WRITE,
    system: tuple[str, ...] = (),
    definer: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Statements that put a new table with a `tenant_id` behind the wall and grant access to it.

    `app`, `system` and `definer` are the privileges of the three roles; the last two see every row.
    """
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        (
            f"CREATE POLICY tenant_wall ON {table} TO {APP_ROLE} "
            f"USING ({TENANT_WALL}) WITH CHECK ({TENANT_WALL})"
        ),
    ]
    if app:
        statements.append(f"GRANT {', '.join(app)} ON {table} TO {APP_ROLE}")
    for role, privileges in ((SYSTEM_ROLE, system), (DEFINER_ROLE, definer)):
        if privileges:
            statements.append(
                f"CREATE POLICY {role}_access ON {table} TO {role} USING (true) WITH CHECK (true)"
            )
            statements.append(f"GRANT {', '.join(privileges)} ON {table} TO {role}")
    return tuple(statements)


def shared_table(
    table: str,
    *,
    app: tuple[str, ...] = READ_WRITE,
    system: tuple[str, ...] = (),
    definer: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Statements that grant access to a new table that belongs to no tenant (accounts)."""
    grants = ((APP_ROLE, app), (SYSTEM_ROLE, system), (DEFINER_ROLE, definer))
    return tuple(
        f"GRANT {', '.join(privileges)} ON {table} TO {role}"
        for role, privileges in grants
        if privileges
    )


def definer_function(signature: str, create: str) -> tuple[str, ...]:
    """Statements that make one narrow `SECURITY DEFINER` function for the application to call.

    `signature` is its name with argument types (`find_api_key(bytea)`); `create` is the whole
    `CREATE FUNCTION … SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp …` statement:
    named last, the caller's temporary tables stand in for nothing. The owner lends the definer the
    right to create in the schema for the length of the hand-over only.
    """
    return (
        create,
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {signature} TO {APP_ROLE}",
        f"GRANT CREATE ON SCHEMA public TO {DEFINER_ROLE}",
        f"ALTER FUNCTION {signature} OWNER TO {DEFINER_ROLE}",
        f"REVOKE CREATE ON SCHEMA public FROM {DEFINER_ROLE}",
    )


def owner_sees_rows(table: str) -> str:
    """Let the migrating owner change rows of a tenant table until `owner_is_blind` is run."""
    return f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"


def owner_is_blind(table: str) -> str:
    """Force row-level security on the owner again."""
    return f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
