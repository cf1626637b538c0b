"""Conversations, messages and feedback."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.row_level_security import APP_ROLE, tenant_table

revision = "20261121_conversation"
down_revision = "20261121_workflow"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")

#: One trip to the server instead of three: the caller's tenant is named inside, for the length of
#: the statement, and the wall stands as it does everywhere else. The walk goes from parent to
#: parent, so that other branches stay out. A turn that came to nothing is passed over and does not
#: count; the walk ends some way beyond the turns asked for.
TURNS = """
CREATE FUNCTION conversation_turns(
    of_tenant uuid, of_conversation uuid, before_message uuid, at_most integer
) RETURNS TABLE (asked text, answered text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenants', of_tenant::text, true);
    RETURN QUERY
    WITH RECURSIVE path AS (
        SELECT parent.parent_id, parent.status, parent.query, parent.answer, 1 AS depth
        FROM messages AS latest
        JOIN messages AS parent
            ON parent.tenant_id = latest.tenant_id AND parent.id = latest.parent_id
        WHERE latest.tenant_id = of_tenant AND latest.conversation_id = of_conversation
            AND latest.id = before_message
        UNION ALL
        SELECT parent.parent_id, parent.status, parent.query, parent.answer, path.depth + 1
        FROM path
        JOIN messages AS parent ON parent.tenant_id = of_tenant AND parent.id = path.parent_id
        WHERE path.depth < at_most + 50
    ), turns AS (
        SELECT path.query, path.answer, path.depth FROM path
        WHERE path.status IN ('succeeded', 'partial_succeeded', 'stopped') AND path.answer <> ''
        ORDER BY path.depth
        LIMIT at_most
    )
    SELECT turns.query, turns.answer FROM turns ORDER BY turns.depth DESC;
END $$
"""


def upgrade() -> None:
    _create_conversations()
    _create_messages()
    _create_feedback()
    for statement in (
        *tenant_table("conversations", app=("SELECT", "INSERT", "UPDATE")),
        *tenant_table("messages", app=("SELECT", "INSERT", "UPDATE")),
        *tenant_table("feedback"),
        TURNS,
        f"GRANT EXECUTE ON FUNCTION conversation_turns TO {APP_ROLE}",
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION conversation_turns")
    op.drop_table("feedback")
    op.drop_table("messages")
    op.drop_table("conversations")


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("end_user", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("head_id", sa.Uuid()),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "ix_conversations_app_id",
        "conversations",
        ["tenant_id", "app_id", "updated_at", "id"],
        postgresql_where=LIVING,
    )
    op.create_index(
        "ix_conversations_end_user",
        "conversations",
        ["tenant_id", "app_id", "end_user", "updated_at", "id"],
        postgresql_where=LIVING,
    )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid()),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("end_user", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        _moment("created_at"),
        sa.Column("status", sa.Text(), nullable=False, server_default=sa.text("'running'")),
        sa.Column("answer", sa.Text(), nullable=False, server_default=sa.text("''")),
        _count("prompt_tokens"),
        _count("completion_tokens"),
        sa.Column("first_token_ms", sa.Integer()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "ix_messages_conversation_id", "messages", ["tenant_id", "conversation_id", "id"]
    )


def _create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("end_user", sa.Text(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _moment("given_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("tenant_id", "message_id", name="uq_feedback_message_id"),
    )


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
