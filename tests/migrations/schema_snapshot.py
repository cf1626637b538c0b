"""Everything that migrations make, as text that can be compared."""

import asyncpg

_PARTS = {
    "columns": """
        SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
               || ' ' || coalesce(column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "security": """
        SELECT relname || ' ' || relrowsecurity || relforcerowsecurity || ' '
               || coalesce(relacl::text, '')
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
    """,
    "policies": """
        SELECT tablename || ' ' || policyname || ' ' || roles::text || coalesce(qual, '')
               || coalesce(with_check, '') FROM pg_policies
    """,
    "functions": """
        SELECT pg_get_functiondef(oid) || proowner::regrole || coalesce(proacl::text, '')
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
        )
    """,
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "defaults": "SELECT defaclrole::regrole || defaclacl::text FROM pg_default_acl",
    "schema": "SELECT coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname = 'public'",
}


async def snapshot(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """The public schema, part by part, without the record of the revision."""
    parts = {}
    for name, query in _PARTS.items():
        lines = [str(row[0]) for row in await connection.fetch(query)]
        parts[name] = sorted(line for line in lines if "alembic_version" not in line)
    return parts
