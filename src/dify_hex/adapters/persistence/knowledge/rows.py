"""Tables of Knowledge and its documents; those of segments are beside them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import (
    NOT_DELETED,
    AuditColumns,
    Base,
    SoftDelete,
    TenantRow,
    VersionColumn,
)

KNOWLEDGE_NAME_UNIQUE = "uq_knowledge_name"
DOCUMENT_CONTENT_UNIQUE = "uq_documents_content"
OUT_OF_SIGHT = "deleted_at IS NOT NULL OR NOT is_enabled"


def _living(name: str, *columns: str, unique: bool = False, where: str = NOT_DELETED) -> Index:
    return Index(name, "tenant_id", *columns, unique=unique, postgresql_where=text(where))


class KnowledgeRow(TenantRow, AuditColumns, VersionColumn, SoftDelete, Base):
    """A Knowledge; its settings are read as a whole and never queried."""

    __tablename__ = "knowledge"
    __table_args__ = (
        _living(KNOWLEDGE_NAME_UNIQUE, "name_folded", unique=True),
        _living("ix_knowledge_created_at", "created_at", "id"),
        _living("ix_knowledge_updated_at", "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: The name without its case: what is unique, sorted by and searched in.
    name_folded: Mapped[str] = mapped_column(Text(collation="C"))
    description: Mapped[str]
    settings: Mapped[dict[str, object]] = mapped_column(JSONB)
    next_embedding: Mapped[dict[str, object] | None] = mapped_column(JSONB(none_as_null=True))
    metadata_fields: Mapped[list[object]] = mapped_column(JSONB)


class DocumentRow(TenantRow, AuditColumns, VersionColumn, SoftDelete, Base):
    """A document; `stage` to `indexed_segments` are what its worker reports."""

    __tablename__ = "documents"
    __table_args__ = (
        _living(
            DOCUMENT_CONTENT_UNIQUE,
            "knowledge_id",
            "sha256",
            unique=True,
            where=f"{NOT_DELETED} AND NOT is_duplicate",
        ),
        _living("ix_documents_created_at", "knowledge_id", "created_at", "id"),
        _living("ix_documents_updated_at", "knowledge_id", "updated_at", "id"),
        _living("ix_documents_name", "knowledge_id", "name_folded", "id"),
        _living("ix_documents_task_id", "task_id"),
        # What is left of deleted ones is found by this, and every document by its id.
        Index("ix_documents_id", "tenant_id", "knowledge_id", "id"),
        # What no search finds: few rows, asked for by each of them.
        Index(
            "ix_documents_out_of_sight",
            "tenant_id",
            "knowledge_id",
            "id",
            postgresql_where=text(OUT_OF_SIGHT),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    knowledge_id: Mapped[UUID]
    name: Mapped[str]
    name_folded: Mapped[str] = mapped_column(Text(collation="C"))
    file_id: Mapped[UUID]
    origin: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    is_duplicate: Mapped[bool]
    status: Mapped[str]
    round: Mapped[int]
    task_id: Mapped[UUID | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    is_enabled: Mapped[bool]
    #: `metadata` is taken by the base class of all rows.
    facts: Mapped[dict[str, object]] = mapped_column("metadata", JSONB)
    stage: Mapped[str]
    percent: Mapped[float]
    pages: Mapped[int | None]
    characters: Mapped[int] = mapped_column(BigInteger)
    segments: Mapped[int]
    indexed_segments: Mapped[int]
    indexed_at: Mapped[datetime | None]
