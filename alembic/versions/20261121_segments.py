"""Segments, the words that they are found by, and, where pgvector is, their vectors."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dify_hex.adapters.persistence.knowledge import vector_schema
from dify_hex.adapters.persistence.row_level_security import tenant_table

revision = "20261121_segments"
down_revision = "20261121_knowledge"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Searches leave these out.
    op.create_index(
        "ix_documents_out_of_sight",
        "documents",
        ["tenant_id", "knowledge_id", "id"],
        postgresql_where=sa.text("deleted_at IS NOT NULL OR NOT is_enabled"),
    )
    _create_segments()
    _create_keywords()
    _create_totals()
    _create_vectors()


def downgrade() -> None:
    """Forgets every segment; the extension stays, as it may be somebody else's."""
    op.execute(vector_schema.DROP_TABLE)
    op.drop_table("index_totals")
    op.drop_table("keyword_postings")
    op.drop_table("keyword_entries")
    op.drop_table("segments")
    op.drop_index("ix_documents_out_of_sight", "documents")


def _create_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("tenant_id"),
        _id("knowledge_id"),
        _id("document_id"),
        sa.Column("parent_id", sa.Uuid()),
        _flag("has_children", "false"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer()),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("first_page", sa.Integer()),
        sa.Column("last_page", sa.Integer()),
        sa.Column(
            "headings",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default=sa.text("'{}'"),
        ),
        _flag("is_enabled", "true"),
        _flag("is_edited", "false"),
        sa.Column("hit_count", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("indexed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        _moment("created_at"),
        _moment("updated_at"),
    )
    op.create_index(
        "uq_segments_content_hash",
        "segments",
        ["tenant_id", "document_id", "parent_id", "content_hash", "occurrence"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("round IS NOT NULL"),
    )
    op.create_index(
        "ix_segments_document_id",
        "segments",
        ["tenant_id", "document_id", "position", "id"],
        postgresql_where=sa.text("parent_id IS NULL"),
    )
    op.create_index(
        "ix_segments_parent_id", "segments", ["tenant_id", "parent_id", "position", "id"]
    )
    op.create_index("ix_segments_round", "segments", ["tenant_id", "document_id", "round"])
    op.create_index(
        "ix_segments_not_indexed",
        "segments",
        ["tenant_id", "document_id", "id"],
        postgresql_where=sa.text("indexed_at IS NULL AND NOT has_children"),
    )
    op.create_index("ix_segments_knowledge_id", "segments", ["tenant_id", "knowledge_id", "id"])
    _protect("segments")


def _create_keywords() -> None:
    op.create_table(
        "keyword_entries",
        sa.Column("segment_id", sa.Uuid(), primary_key=True),
        _id("tenant_id"),
        _id("knowledge_id"),
        _id("document_id"),
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
    )
    op.create_index(
        "uq_keyword_entries_number",
        "keyword_entries",
        ["tenant_id", "number"],
        unique=True,
        postgresql_include=["segment_id", "document_id", "is_enabled"],
    )
    op.create_index(
        "ix_keyword_entries_document_id",
        "keyword_entries",
        ["tenant_id", "knowledge_id", "document_id", "number"],
    )
    _protect("keyword_entries")
    op.create_table(
        "keyword_postings",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("posting", sa.BigInteger(), primary_key=True, autoincrement=False),
    )
    # A search reads the index alone, where its pages are known to be visible to everybody.
    op.execute(
        "ALTER TABLE keyword_postings SET (autovacuum_vacuum_insert_scale_factor = 0.05, "
        "autovacuum_vacuum_scale_factor = 0.05)"
    )
    _protect("keyword_postings")


def _create_totals() -> None:
    op.create_table(
        "index_totals",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("knowledge_id", sa.Uuid(), primary_key=True),
        sa.Column("shard", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("segments", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("terms", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("vectors", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    _protect("index_totals")


def _create_vectors() -> None:
    op.execute(vector_schema.CREATE_EXTENSION)
    version = op.get_bind().scalar(sa.text(vector_schema.EXTENSION_VERSION))
    if vector_schema.is_enough(version):
        for statement in vector_schema.table_statements():
            op.execute(statement)


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _flag(name: str, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text(default))


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )


def _protect(table: str) -> None:
    for statement in tenant_table(table):
        op.execute(statement)
