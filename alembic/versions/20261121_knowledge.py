"""Knowledge and its documents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_knowledge"
down_revision = "20261121_task"
branch_labels = None
depends_on = None

LIVING = "deleted_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "knowledge",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("settings", JSONB(), nullable=False),
        sa.Column("next_embedding", JSONB()),
        sa.Column("metadata_fields", JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_audit(),
    )
    _index("knowledge", "uq_knowledge_name", "name_folded", unique=True)
    _index("knowledge", "ix_knowledge_created_at", "created_at", "id")
    _index("knowledge", "ix_knowledge_updated_at", "updated_at", "id")
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("knowledge_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(collation="C"), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("is_duplicate", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Uuid()),
        sa.Column("error_code", sa.Text()),
        sa.Column("error_message", sa.Text()),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("metadata", JSONB(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("pages", sa.Integer()),
        sa.Column("characters", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("indexed_segments", sa.Integer(), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False),
        *_audit(),
    )
    _index(
        "documents",
        "uq_documents_content",
        "knowledge_id",
        "sha256",
        unique=True,
        where=f"{LIVING} AND NOT is_duplicate",
    )
    _index("documents", "ix_documents_created_at", "knowledge_id", "created_at", "id")
    _index("documents", "ix_documents_updated_at", "knowledge_id", "updated_at", "id")
    _index("documents", "ix_documents_name", "knowledge_id", "name_folded", "id")
    _index("documents", "ix_documents_task_id", "task_id")
    op.create_index("ix_documents_id", "documents", ["tenant_id", "knowledge_id", "id"])
    for table in ("knowledge", "documents"):
        for statement in tenant_table(table):
            op.execute(statement)


def downgrade() -> None:
    """Forgets every Knowledge; contents of documents stay in the storage as files."""
    op.drop_table("documents")
    op.drop_table("knowledge")


def _index(table: str, name: str, *columns: str, unique: bool = False, where: str = LIVING) -> None:
    op.create_index(
        name, table, ["tenant_id", *columns], unique=unique, postgresql_where=sa.text(where)
    )


def _audit() -> tuple[sa.Column[object], ...]:
    return (
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("updated_by", sa.Uuid()),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )
