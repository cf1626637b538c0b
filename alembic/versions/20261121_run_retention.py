"""How long and how many runs of an app are kept, where that is less than the operator allows."""

import sqlalchemy as sa
from alembic import op

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_run_retention"
down_revision = "20261121_citations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_run_retentions",
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("keep_days", sa.Integer()),
        sa.Column("keep_runs", sa.Integer()),
        sa.PrimaryKeyConstraint("app_id", name="pk_app_run_retentions"),
    )
    for statement in tenant_table("app_run_retentions", system=("SELECT",)):
        op.execute(statement)


def downgrade() -> None:
    """Forgets what apps have said; their runs are kept as the operator has set it."""
    op.drop_table("app_run_retentions")
