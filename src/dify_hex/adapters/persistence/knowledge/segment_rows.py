"""The tables of segments and of the words they are found by; those of vectors need an extension."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from dify_hex.adapters.persistence.base import Base, TenantRow, VersionColumn

#: A segment that was read out of its document, and not added by hand.
FROM_DOCUMENT = "round IS NOT NULL"
#: A segment that is searched, and cannot be found yet.
NOT_INDEXED = "indexed_at IS NULL AND NOT has_children"
TOP_LEVEL = "parent_id IS NULL"


class SegmentRow(TenantRow, VersionColumn, Base):
    """A segment, or a child of one.

    `content_hash` stays that of the text as it was read, so that what somebody has edited is still
    known when its document is read again. `round` is null for what was added by hand.
    """

    __tablename__ = "segments"
    __table_args__ = (
        Index(
            "uq_segments_content_hash",
            "tenant_id",
            "document_id",
            "parent_id",
            "content_hash",
            "occurrence",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text(FROM_DOCUMENT),
        ),
        Index(
            "ix_segments_document_id",
            "tenant_id",
            "document_id",
            "position",
            "id",
            postgresql_where=text(TOP_LEVEL),
        ),
        Index("ix_segments_parent_id", "tenant_id", "parent_id", "position", "id"),
        Index("ix_segments_round", "tenant_id", "document_id", "round"),
        Index(
            "ix_segments_not_indexed",
            "tenant_id",
            "document_id",
            "id",
            postgresql_where=text(NOT_INDEXED),
        ),
        Index("ix_segments_knowledge_id", "tenant_id", "knowledge_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    knowledge_id: Mapped[UUID]
    document_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    has_children: Mapped[bool] = mapped_column(server_default=text("false"))
    position: Mapped[int]
    content: Mapped[str]
    content_hash: Mapped[bytes] = mapped_column(BYTEA)
    occurrence: Mapped[int]
    round: Mapped[int | None]
    tokens: Mapped[int]
    first_page: Mapped[int | None]
    last_page: Mapped[int | None]
    headings: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    is_edited: Mapped[bool] = mapped_column(server_default=text("false"))
    hit_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    indexed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class KeywordEntryRow(TenantRow, Base):
    """A segment in the index of words: its number, its length in terms, and which terms."""

    __tablename__ = "keyword_entries"
    __table_args__ = (
        Index(
            "uq_keyword_entries_number",
            "tenant_id",
            "number",
            unique=True,
            # A search reads nothing else of it.
            postgresql_include=["segment_id", "document_id", "is_enabled"],
        ),
        Index(
            "ix_keyword_entries_document_id", "tenant_id", "knowledge_id", "document_id", "number"
        ),
    )

    segment_id: Mapped[UUID] = mapped_column(primary_key=True)
    knowledge_id: Mapped[UUID]
    document_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger, Identity())
    length: Mapped[int]
    keys: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    is_enabled: Mapped[bool]


class KeywordPostingRow(TenantRow, Base):
    """That a term is in a segment; the primary key is all there is, and a search reads only it.

    `key` is a hash of Knowledge and term. `posting` holds the segment's number, how often the term
    is in it, and how many terms it has: see `keyword_statements`.
    """

    __tablename__ = "keyword_postings"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    posting: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class IndexTotalsRow(TenantRow, Base):
    """How much a Knowledge has in its indexes, in shards by document.

    One row for all of it would let only one document at a time be indexed.
    """

    __tablename__ = "index_totals"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    knowledge_id: Mapped[UUID] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    segments: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    terms: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    vectors: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
