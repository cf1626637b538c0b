"""Secrets of apps, sealed."""

import sqlalchemy as sa
from alembic import op

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_app_secrets"
down_revision = "20261121_run_control"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app_secrets",
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid()),
        sa.PrimaryKeyConstraint("app_id", "name", name="pk_app_secrets"),
    )
    for statement in tenant_table("app_secrets"):
        op.execute(statement)


def downgrade() -> None:
    """Forgets every secret; graphs that use one say so when they run."""
    op.drop_table("app_secrets")
