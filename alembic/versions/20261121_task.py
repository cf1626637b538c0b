"""Background jobs as their owners see them, and the schedules that ask for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_task"
down_revision = "20261121_run_errors"
branch_labels = None
depends_on = None

PENDING = sa.text("status = 'pending'")
PROCESSING = sa.text("status = 'processing'")
NOT_OVER = sa.text("status IN ('pending', 'processing') AND key IS NOT NULL")
DEAD = sa.text("dead_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("arguments", JSONB(), nullable=False),
        sa.Column("requested_by", sa.Uuid()),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("soft_limit_ms", sa.Integer(), nullable=False),
        sa.Column("hard_limit_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("result", JSONB()),
        sa.Column("result_blob", sa.Text()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True)),
        sa.Column("dead_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    # Rows change often and shortly: room in their pages, and a cleaner that comes early.
    op.execute(
        "ALTER TABLE tasks SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02,"
        " autovacuum_vacuum_threshold = 500)"
    )
    _index_tasks()
    op.create_table(
        "schedules",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("arguments", JSONB(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("tenant_id", "name", name="uq_schedules_name"),
    )
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"])
    # The system's login claims tasks, keeps their leases, and takes old ones away.
    for statement in tenant_table("tasks", system=("SELECT", "UPDATE", "DELETE")):
        op.execute(statement)
    for statement in tenant_table("schedules", system=("SELECT",)):
        op.execute(statement)


def downgrade() -> None:
    """Forgets every task and schedule; long results stay in the storage."""
    op.drop_table("schedules")
    op.drop_table("tasks")


def _index_tasks() -> None:
    for name, columns, condition in (
        ("ix_tasks_tenant_id", ["tenant_id", "id"], None),
        ("ix_tasks_status", ["tenant_id", "status", "id"], None),
        ("ix_tasks_kind", ["tenant_id", "kind", "id"], None),
        ("ix_tasks_queue", ["tenant_id", "queue", "id"], None),
        ("ix_tasks_dead", ["tenant_id", "id"], DEAD),
        ("ix_tasks_waiting", ["queue", "tenant_id", "due_at", "id"], PENDING),
        ("ix_tasks_due", ["queue", "due_at"], PENDING),
        ("ix_tasks_processing", ["queue", "tenant_id"], PROCESSING),
        ("ix_tasks_served", ["queue", "tenant_id", "started_at"], None),
        ("ix_tasks_finished_at", ["finished_at"], sa.text("finished_at IS NOT NULL")),
        ("ix_tasks_dead_queue", ["queue"], DEAD),
    ):
        op.create_index(name, "tasks", columns, postgresql_where=condition)
    op.create_index(
        "uq_tasks_key",
        "tasks",
        ["tenant_id", "kind", "key"],
        unique=True,
        postgresql_where=NOT_OVER,
    )
