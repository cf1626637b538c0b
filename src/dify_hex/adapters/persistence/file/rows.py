"""The table of files: what is known of each; their contents are in the object storage."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import Base, TenantRow, VersionColumn

#: What lists show, and the condition of the indexes that they are read from. Files that documents
#: have to themselves are not among them.
LISTED = "status = 'available' AND source <> 'document'"


def _listed(name: str, *columns: str) -> Index:
    return Index(name, "tenant_id", *columns, "id", postgresql_where=text(LISTED))


class FileRow(TenantRow, VersionColumn, Base):
    """A file; `size` and `sha256` are known once all of it is there."""

    __tablename__ = "files"
    __table_args__ = (
        _listed("ix_files_tenant_id"),
        _listed("ix_files_app_id", "app_id"),
        _listed("ix_files_end_user", "end_user"),
        # What the sweep looks for: few rows at any time.
        Index("ix_files_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("ix_files_unusable", "updated_at", postgresql_where=text("status <> 'available'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    app_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]
    api_key_id: Mapped[UUID | None]
    end_user: Mapped[str | None]
    form_id: Mapped[UUID | None]
    name: Mapped[str]
    extension: Mapped[str]
    kind: Mapped[str]
    media_type: Mapped[str]
    source: Mapped[str]
    status: Mapped[str]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
