"""What nodes of drafts have put out that were run by themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_draft_values"
down_revision = "20261121_app_secrets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_node_values",
        sa.Column("app_id", sa.Uuid(), primary_key=True),
        sa.Column("node_id", sa.Text(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("outputs", JSONB()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    for statement in tenant_table("draft_node_values"):
        op.execute(statement)


def downgrade() -> None:
    """Forgets the values."""
    op.drop_table("draft_node_values")
