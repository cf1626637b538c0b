"""Tables of apps: the app with its draft, and the versions that were published."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
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

APP_NAME_UNIQUE = "uq_apps_name"
APP_SLUG_UNIQUE = "uq_apps_slug"
APP_VERSION_NUMBER_UNIQUE = "uq_app_versions_number"


def _living(name: str, *columns: str, unique: bool = False) -> Index:
    return Index(name, "tenant_id", *columns, unique=unique, postgresql_where=text(NOT_DELETED))


class AppRow(TenantRow, AuditColumns, VersionColumn, SoftDelete, Base):
    """An app; its configuration is read as a whole and never queried."""

    __tablename__ = "apps"
    __table_args__ = (
        _living(APP_NAME_UNIQUE, "name_folded", unique=True),
        _living(APP_SLUG_UNIQUE, "slug", unique=True),
        _living("ix_apps_created_at", "created_at", "id"),
        _living("ix_apps_updated_at", "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: The name without its case: what is unique, sorted by and searched in.
    name_folded: Mapped[str] = mapped_column(Text(collation="C"))
    slug: Mapped[str]
    description: Mapped[str]
    icon: Mapped[str]
    mode: Mapped[str]
    status: Mapped[str]
    draft: Mapped[dict[str, object]] = mapped_column(JSONB)
    draft_version: Mapped[int]
    draft_updated_at: Mapped[datetime]
    draft_updated_by: Mapped[UUID | None]
    published_version_id: Mapped[UUID | None]
    published_number: Mapped[int | None]


class AppVersionRow(TenantRow, Base):
    """A published version; the application may insert and read it, and nothing else."""

    __tablename__ = "app_versions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "app_id", "number", name=APP_VERSION_NUMBER_UNIQUE),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    app_id: Mapped[UUID]
    number: Mapped[int]
    mode: Mapped[str]
    configuration: Mapped[dict[str, object]] = mapped_column(JSONB)
    graph_hash: Mapped[str]
    label: Mapped[str]
    note: Mapped[str]
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]


class AppSecretRow(TenantRow, Base):
    """A secret of an app, sealed; its value is in no other table and in no version."""

    __tablename__ = "app_secrets"

    app_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]
    updated_by: Mapped[UUID | None]


class AppRunRetentionRow(TenantRow, Base):
    """How long an app's runs are kept; the sweep of old runs reads it as the system."""

    __tablename__ = "app_run_retentions"

    app_id: Mapped[UUID] = mapped_column(primary_key=True)
    keep_days: Mapped[int | None]
    keep_runs: Mapped[int | None]


class DraftNodeValueRow(TenantRow, Base):
    """What a node of a draft put out when it was run by itself; null once that was forgotten."""

    __tablename__ = "draft_node_values"

    app_id: Mapped[UUID] = mapped_column(primary_key=True)
    node_id: Mapped[str] = mapped_column(primary_key=True)
    outputs: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    at: Mapped[datetime]
