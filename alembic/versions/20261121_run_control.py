"""Forms that runs wait for, what waits for a run's owner, and what conversations remember."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.row_level_security import SYSTEM_ROLE, tenant_table

revision = "20261121_run_control"
down_revision = "20261121_file"
branch_labels = None
depends_on = None

#: What retention takes away, as the system login.
_KEPT_FOR_A_WHILE = ("workflow_runs", "workflow_run_events")


def upgrade() -> None:
    for column in ("inbox", "owners"):
        op.add_column(
            "workflow_runs",
            sa.Column(column, sa.Integer(), nullable=False, server_default=sa.text("0")),
        )
    for name, column in {"parent": "parent_run_id", "user": "end_user"}.items():
        op.create_index(
            f"ix_workflow_runs_{name}",
            "workflow_runs",
            ["tenant_id", column, sa.text("run_id DESC")],
        )
    op.create_index(
        "ix_workflow_runs_finished_at",
        "workflow_runs",
        ["finished_at"],
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    for table in _KEPT_FOR_A_WHILE:
        op.execute(f"GRANT DELETE ON {table} TO {SYSTEM_ROLE}")
    op.add_column(
        "conversations",
        sa.Column(
            "variables", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")
        ),
    )
    _create_forms()


def downgrade() -> None:
    """Forgets every form; runs that wait for one then wait for ever, or until they are stopped."""
    op.drop_table("workflow_forms")
    op.drop_column("conversations", "variables")
    for table in _KEPT_FOR_A_WHILE:
        op.execute(f"REVOKE DELETE ON {table} FROM {SYSTEM_ROLE}")
    for name in ("parent", "user", "finished_at"):
        op.drop_index(f"ix_workflow_runs_{name}", "workflow_runs")
    for column in ("owners", "inbox"):
        op.drop_column("workflow_runs", column)


def _create_forms() -> None:
    op.create_table(
        "workflow_forms",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("frame", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("actions", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", postgresql.JSONB()),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.Text()),
    )
    op.create_index("ix_workflow_forms_run_id", "workflow_forms", ["run_id"])
    op.create_index(
        "ix_workflow_forms_due_at",
        "workflow_forms",
        ["due_at"],
        postgresql_where=sa.text("status = 'open'"),
    )
    for statement in tenant_table("workflow_forms", system=("SELECT", "UPDATE", "DELETE")):
        op.execute(statement)
