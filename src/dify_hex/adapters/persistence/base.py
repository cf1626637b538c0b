"""What every table shares: stable constraint names, column types and the usual columns."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Text, Uuid, func
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

#: Names are derived, never left to the server, so that migrations can drop what they made.
NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
}

COLUMN_TYPES = {UUID: Uuid(), datetime: DateTime(timezone=True), str: Text()}


class Base(DeclarativeBase):
    """Every row class; rows never leave the persistence adapter."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = COLUMN_TYPES


class TenantRow:
    """A row of one tenant; its table stands behind row-level security."""

    tenant_id: Mapped[UUID]


class AuditColumns:
    """When a row was made and last changed, and by which account or API key."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[UUID | None]
    updated_by: Mapped[UUID | None]


class VersionColumn:
    """The aggregate's version; `write` copies it, and an update finds only the version it read."""

    version: Mapped[int]

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, object]:
        return {
            # Server defaults are not fetched back: nobody reads a row after it was written.
            "eager_defaults": False,
            "version_id_col": cls.version,
            "version_id_generator": False,
        }


class SoftDelete:
    """When the row was deleted; unique indexes leave deleted rows out, so names come free again."""

    deleted_at: Mapped[datetime | None]


#: The condition of every partial index on a table with `SoftDelete`.
NOT_DELETED = "deleted_at IS NULL"
