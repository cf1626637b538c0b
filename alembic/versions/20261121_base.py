"""The outbox, its consumers and the idempotency keys, and what every later migration relies on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.row_level_security import (
    APP_ROLE,
    READ_WRITE,
    SYSTEM_ROLE,
    tenant_table,
)

revision = "20261121_base"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A function that someone forgets to protect must not be callable by everyone.
    op.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    # Readiness compares the revision with the one it was built for.
    op.execute(f"GRANT SELECT ON alembic_version TO {APP_ROLE}, {SYSTEM_ROLE}")
    _create_outbox()
    _create_idempotency_keys()


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    op.drop_table("consumed_events")
    op.drop_table("outbox_events")
    op.execute("DROP FUNCTION announce_outbox_events()")
    op.execute(f"REVOKE SELECT ON alembic_version FROM {APP_ROLE}, {SYSTEM_ROLE}")
    op.execute("ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC")


def _create_outbox() -> None:
    op.create_table(
        "outbox_events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        _moment("created_at"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        _moment("next_attempt_at"),
        sa.Column(
            "delivered_to",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default=sa.text("'{}'"),
        ),
        sa.Column("dead_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text()),
    )
    op.create_index(
        "ix_outbox_events_due",
        "outbox_events",
        ["next_attempt_at", "id"],
        postgresql_where=sa.text("dead_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_events_dead",
        "outbox_events",
        ["dead_at"],
        postgresql_where=sa.text("dead_at IS NOT NULL"),
    )
    op.create_table(
        "consumed_events",
        sa.Column("handler", sa.Text(), primary_key=True),
        sa.Column("event_id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        _moment("consumed_at"),
    )
    op.create_index("ix_consumed_events_consumed_at", "consumed_events", ["consumed_at"])
    # The application writes events and never reads them; the relay does the rest.
    _execute(tenant_table("outbox_events", app=("INSERT",), system=READ_WRITE))
    _execute(tenant_table("consumed_events", app=("SELECT", "INSERT"), system=("SELECT", "DELETE")))
    op.execute(
        "CREATE FUNCTION announce_outbox_events() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN NOTIFY outbox; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER announce AFTER INSERT ON outbox_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION announce_outbox_events()"
    )


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("caller", sa.Text(), primary_key=True),
        sa.Column("route", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("fingerprint", postgresql.BYTEA(), nullable=False),
        _moment("claimed_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", postgresql.JSONB()),
        sa.Column("body", postgresql.BYTEA()),
        sa.Column("stream_of", sa.Uuid()),
    )
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
    _execute(tenant_table("idempotency_keys", system=("SELECT", "DELETE")))


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )


def _execute(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
