"""Tenants, accounts, memberships, API keys, sessions and one-time links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.row_level_security import (
    APP_ROLE,
    DEFINER_ROLE,
    READ_WRITE,
    SYSTEM_ROLE,
    TENANT_WALL,
    definer_function,
    tenant_table,
)

revision = "20261121_account"
down_revision = "20261121_base"
branch_labels = None
depends_on = None

#: Every column of `accounts` that the application's login may read: all but the password hash.
READABLE = (
    "id, email, name, language, status, failed_logins, locked_until, sessions_valid_from, "
    "created_at, updated_at, version"
)
READ_AND_SWEEP = ("SELECT", "DELETE")
_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# The `SECURITY DEFINER` functions: what may be asked before the tenant is known. Each answers for
# one value that the caller must already hold (a hash, an e-mail, an id), so there is nothing to
# list. They are read-only but for `touch_api_keys`. The two that every request calls are PL/pgSQL,
# which keeps their plans.

#: Signature to the whole statement that creates the function.
FUNCTIONS = {
    "authenticate_api_key(bytea)": f"""
CREATE FUNCTION authenticate_api_key(wanted bytea)
RETURNS TABLE (
    key_id uuid, key_tenant_id uuid, key_scopes text[], key_app_id uuid,
    key_expires_at timestamptz, key_revoked_at timestamptz, tenant_active boolean
)
LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
    RETURN QUERY
    SELECT k.id, k.tenant_id, k.scopes, k.app_id, k.expires_at, k.revoked_at, t.status = 'active'
    FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
    WHERE k.secret_hash = wanted;
END $$""",
    "find_open_session(uuid, uuid, uuid)": f"""
CREATE FUNCTION find_open_session(wanted uuid, wanted_account uuid, wanted_tenant uuid)
RETURNS TABLE (member_role text, tenant_active boolean)
LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
    RETURN QUERY
    SELECT m.role, t.status = 'active'
    FROM sessions s
    JOIN accounts a ON a.id = s.account_id
    JOIN memberships m ON m.tenant_id = s.tenant_id AND m.account_id = s.account_id
    JOIN tenants t ON t.id = s.tenant_id
    WHERE s.id = wanted AND s.account_id = wanted_account AND s.tenant_id = wanted_tenant
      AND s.revoked_at IS NULL AND s.expires_at > now() AND a.status = 'active'
      AND s.opened_at >= a.sessions_valid_from AND s.opened_at >= m.created_at;
END $$""",
    "find_login(text)": f"""
CREATE FUNCTION find_login(wanted text)
RETURNS TABLE (account_id uuid, account_password_hash text, tenant_ids uuid[])
LANGUAGE sql STABLE {_DEFINER} AS $$
    SELECT a.id, a.password_hash, ARRAY(
        SELECT m.tenant_id FROM memberships m
        WHERE m.account_id = a.id ORDER BY m.created_at, m.tenant_id
    )
    FROM accounts a WHERE a.email = wanted
$$""",
    "find_account(text)": f"""
CREATE FUNCTION find_account(wanted text) RETURNS uuid LANGUAGE sql STABLE {_DEFINER} AS $$
    SELECT a.id FROM accounts a WHERE a.email = wanted
$$""",
    "find_session(bytea)": f"""
CREATE FUNCTION find_session(wanted bytea) RETURNS TABLE (session_id uuid, session_tenant_id uuid)
LANGUAGE sql STABLE {_DEFINER} AS $$
    SELECT s.id, s.tenant_id FROM sessions s WHERE s.family_hash = wanted
$$""",
    "find_one_time_link(bytea)": f"""
CREATE FUNCTION find_one_time_link(wanted bytea)
RETURNS TABLE (
    link_id uuid, link_tenant_id uuid, link_purpose text, account_email text, is_over boolean
)
LANGUAGE sql STABLE {_DEFINER} AS $$
    SELECT l.id, l.tenant_id, l.purpose, a.email, l.used_at IS NOT NULL OR l.expires_at <= now()
    FROM one_time_links l LEFT JOIN accounts a ON a.id = l.account_id
    WHERE l.token_hash = wanted
$$""",
    "tenants_of(uuid)": f"""
CREATE FUNCTION tenants_of(wanted uuid)
RETURNS TABLE (
    tenant_id uuid, tenant_name text, tenant_slug text, tenant_status text, member_role text
)
LANGUAGE sql STABLE {_DEFINER} AS $$
    SELECT t.id, t.name, t.slug, t.status, m.role
    FROM memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.account_id = wanted ORDER BY m.created_at, t.id
$$""",
    "own_password_hash(uuid)": f"""
CREATE FUNCTION own_password_hash(wanted uuid) RETURNS text LANGUAGE sql STABLE {_DEFINER} AS $$
    SELECT a.password_hash FROM accounts a
    WHERE a.id = wanted AND EXISTS (
        SELECT 1 FROM memberships WHERE account_id = a.id AND {TENANT_WALL}
    )
$$""",
    "claim_first_tenant()": f"""
CREATE FUNCTION claim_first_tenant() RETURNS boolean LANGUAGE plpgsql VOLATILE {_DEFINER} AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('dify_hex.first_tenant', 0));
    RETURN NOT EXISTS (SELECT 1 FROM tenants);
END $$""",
    "touch_api_keys(uuid[], timestamptz[])": f"""
CREATE FUNCTION touch_api_keys(keys uuid[], used timestamptz[]) RETURNS void
LANGUAGE sql VOLATILE {_DEFINER} AS $$
    UPDATE api_keys k SET last_used_at = u.used_at
    FROM unnest(keys, used) AS u (key_id, used_at)
    WHERE k.id = u.key_id AND (k.last_used_at IS NULL OR k.last_used_at < u.used_at)
$$""",
}


def upgrade() -> None:
    _create_tenants()
    _create_accounts()
    _create_memberships()
    _create_api_keys()
    _create_sessions()
    _create_one_time_links()
    _protect_tenants()
    _protect_accounts()
    definer = ("SELECT",)
    _execute(tenant_table("memberships", definer=definer))
    _execute(tenant_table("api_keys", definer=("SELECT", "UPDATE")))
    _execute(tenant_table("sessions", system=READ_AND_SWEEP, definer=definer))
    _execute(tenant_table("one_time_links", system=READ_AND_SWEEP, definer=definer))
    for signature, create in FUNCTIONS.items():
        _execute(definer_function(signature, create))


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    for table in ("one_time_links", "sessions", "api_keys", "memberships", "accounts", "tenants"):
        # The policy of `accounts` looks into `memberships`.
        op.execute(f"DROP TABLE {table} CASCADE")


def _create_tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _text("name"),
        _text("slug"),
        _text("status"),
        sa.Column("member_limit", sa.Integer(), nullable=False),
        sa.Column("api_key_limit", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("uq_tenants_slug", "tenants", ["slug"], unique=True)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _text("email"),
        _text("name"),
        _text("language"),
        _text("status"),
        sa.Column("password_hash", sa.Text()),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        _moment("locked_until", nullable=True),
        _moment("sessions_valid_from"),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("uq_accounts_email", "accounts", ["email"], unique=True)


def _create_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.Uuid(), _at_commit("memberships", "tenants"), primary_key=True),
        sa.Column("account_id", sa.Uuid(), _at_commit("memberships", "accounts"), primary_key=True),
        _text("role"),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index(
        "ix_memberships_joined", "memberships", ["tenant_id", "created_at", "account_id"]
    )
    op.create_index("ix_memberships_account_id", "memberships", ["account_id"])


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        _text("kind"),
        _text("name"),
        sa.Column("secret_hash", postgresql.BYTEA(), nullable=False),
        _text("hint"),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("app_id", sa.Uuid()),
        _moment("expires_at", nullable=True),
        _moment("last_used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.Column("created_by", sa.Uuid()),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("uq_api_keys_secret_hash", "api_keys", ["secret_hash"], unique=True)
    op.create_index("ix_api_keys_created", "api_keys", ["tenant_id", "created_at", "id"])
    op.create_index("ix_api_keys_app", "api_keys", ["tenant_id", "app_id", "created_at", "id"])


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "account_id",
            sa.Uuid(),
            sa.ForeignKey("accounts.id", name="fk_sessions_account_id"),
            nullable=False,
        ),
        sa.Column("family_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("token_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("previous_hash", postgresql.BYTEA()),
        _moment("rotated_at"),
        _moment("opened_at"),
        _moment("expires_at"),
        _moment("revoked_at", nullable=True),
        _text("user_agent"),
        _text("address"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("uq_sessions_family_hash", "sessions", ["family_hash"], unique=True)
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])


def _create_one_time_links() -> None:
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), _at_commit("one_time_links", "accounts")),
        _text("purpose"),
        sa.Column("token_hash", postgresql.BYTEA(), nullable=False),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _moment("created_at"),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("uq_one_time_links_token_hash", "one_time_links", ["token_hash"], unique=True)
    op.create_index("ix_one_time_links_expires_at", "one_time_links", ["expires_at"])
    op.create_index("ix_one_time_links_account_id", "one_time_links", ["account_id"])


def _protect_tenants() -> None:
    own = TENANT_WALL.replace("tenant_id", "id", 1)
    _execute(
        (
            *_force_wall("tenants"),
            f"CREATE POLICY tenant_wall ON tenants TO {APP_ROLE} USING ({own}) WITH CHECK ({own})",
            f"CREATE POLICY {DEFINER_ROLE}_access ON tenants TO {DEFINER_ROLE} USING (true)",
            f"CREATE POLICY {SYSTEM_ROLE}_access ON tenants TO {SYSTEM_ROLE} USING (true)",
            f"GRANT {', '.join(READ_WRITE)} ON tenants TO {APP_ROLE}",
            f"GRANT SELECT ON tenants TO {DEFINER_ROLE}, {SYSTEM_ROLE}",
        )
    )


def _protect_accounts() -> None:
    # The subquery sees, through the wall of its own table, memberships of the present tenants only.
    member = "EXISTS (SELECT 1 FROM memberships m WHERE m.account_id = accounts.id)"
    _execute(
        (
            *_force_wall("accounts"),
            f"CREATE POLICY members ON accounts FOR SELECT TO {APP_ROLE} USING ({member})",
            f"CREATE POLICY members_change ON accounts FOR UPDATE TO {APP_ROLE} USING ({member})",
            f"CREATE POLICY newcomers ON accounts FOR INSERT TO {APP_ROLE} WITH CHECK (true)",
            f"CREATE POLICY {DEFINER_ROLE}_access ON accounts TO {DEFINER_ROLE} USING (true)",
            f"GRANT SELECT ({READABLE}), INSERT, UPDATE ON accounts TO {APP_ROLE}",
            f"GRANT SELECT ON accounts TO {DEFINER_ROLE}",
        )
    )


def _force_wall(table: str) -> tuple[str, ...]:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    )


def _at_commit(table: str, other: str) -> sa.ForeignKey:
    column = f"{other.removesuffix('s')}_id"
    return sa.ForeignKey(
        f"{other}.id", name=f"fk_{table}_{column}", deferrable=True, initially="DEFERRED"
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _execute(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
