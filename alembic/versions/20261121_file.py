"""Files, and which of them came with a message."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_file"
down_revision = "20261121_conversation"
branch_labels = None
depends_on = None

AVAILABLE = sa.text("status = 'available'")


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid()),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("api_key_id", sa.Uuid()),
        sa.Column("end_user", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("sha256", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    for name, columns in {
        "ix_files_tenant_id": [],
        "ix_files_app_id": ["app_id"],
        "ix_files_end_user": ["end_user"],
    }.items():
        op.create_index(name, "files", ["tenant_id", *columns, "id"], postgresql_where=AVAILABLE)
    op.create_index(
        "ix_files_expires_at",
        "files",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_files_unusable",
        "files",
        ["updated_at"],
        postgresql_where=sa.text("status <> 'available'"),
    )
    files = sa.Column("files", JSONB(), nullable=False, server_default=sa.text("'[]'"))
    op.add_column("messages", files)
    for statement in tenant_table("files", system=("SELECT", "DELETE")):
        op.execute(statement)


def downgrade() -> None:
    """Forgets every file; the contents stay in the storage, where nothing leads to them."""
    op.drop_column("messages", "files")
    op.drop_table("files")
