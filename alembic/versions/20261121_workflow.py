"""Runs, their journal, and the graphs they are pinned to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.row_level_security import READ_ONLY, tenant_table
from dify_hex.adapters.persistence.workflow.partitions import sealed

revision = "20261121_workflow"
down_revision = "20261121_app"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_graph_documents()
    _create_runs()
    _create_journal()


def downgrade() -> None:
    op.drop_table("workflow_run_events")
    op.drop_table("workflow_runs")
    op.drop_table("graph_documents")


def _create_graph_documents() -> None:
    op.create_table(
        "graph_documents",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("hash", sa.Text(), primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        _moment("created_at", server_default=sa.text("now()")),
    )
    _protect(tenant_table("graph_documents", app=("SELECT", "INSERT")))


def _create_runs() -> None:
    op.create_table(
        "workflow_runs",
        sa.Column("run_id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("app_version_id", sa.Uuid()),
        sa.Column("parent_run_id", sa.Uuid()),
        sa.Column("graph_hash", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("conversation_id", sa.Uuid()),
        sa.Column("end_user", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("background", sa.Boolean(), nullable=False),
        sa.Column("resume_window_ms", sa.Integer(), nullable=False),
        sa.Column("desired_state", sa.Text(), nullable=False, server_default=sa.text("'run'")),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        _moment("lease_expires_at"),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("outputs", postgresql.JSONB()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        _count("prompt_tokens"),
        _count("completion_tokens"),
        _count("steps"),
        _moment("created_at"),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    newest_first = sa.text("run_id DESC")
    op.create_index("ix_workflow_runs_tenant_id", "workflow_runs", ["tenant_id", newest_first])
    op.create_index(
        "ix_workflow_runs_app_id", "workflow_runs", ["tenant_id", "app_id", newest_first]
    )
    op.create_index(
        "ix_workflow_runs_claim",
        "workflow_runs",
        ["lease_expires_at"],
        postgresql_where=sa.text("status IN ('pending', 'running')"),
    )
    op.create_index(
        "ix_workflow_runs_paused",
        "workflow_runs",
        ["tenant_id", "app_id"],
        postgresql_where=sa.text("status = 'paused'"),
    )
    op.create_index(
        "ix_workflow_runs_due_at",
        "workflow_runs",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    _protect(tenant_table("workflow_runs", system=("SELECT", "UPDATE")))


def _create_journal() -> None:
    op.create_table(
        "workflow_run_events",
        sa.Column("run_id", sa.Uuid(), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        _moment("at"),
        postgresql_partition_by="RANGE (run_id)",
    )
    # What no weekly partition was made for in time is kept here, and nothing is refused.
    op.execute("CREATE TABLE workflow_run_events_default PARTITION OF workflow_run_events DEFAULT")
    _protect(sealed("workflow_run_events_default"))
    _protect(tenant_table("workflow_run_events", app=("SELECT", "INSERT"), system=READ_ONLY))


def _moment(name: str, **options: object) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **options)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))


def _protect(statements: object) -> None:
    for statement in statements:
        op.execute(statement)
