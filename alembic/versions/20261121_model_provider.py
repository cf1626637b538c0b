"""Model providers of tenants, their credentials sealed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_model_provider"
down_revision = "20261121_account"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_providers",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text()),
        sa.Column("credential", postgresql.BYTEA()),
        sa.Column("credential_hint", sa.Text()),
        sa.Column("models", postgresql.JSONB(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("updated_by", sa.Uuid()),
    )
    op.create_index(
        "uq_model_providers_name", "model_providers", ["tenant_id", "name"], unique=True
    )
    op.create_index(
        "ix_model_providers_created_at", "model_providers", ["tenant_id", "created_at", "id"]
    )
    for statement in tenant_table("model_providers"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("model_providers")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )
