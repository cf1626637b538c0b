"""Table of the model providers that tenants have configured."""

from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import AuditColumns, Base, TenantRow, VersionColumn

MODEL_PROVIDER_NAME_UNIQUE = "uq_model_providers_name"


class ModelProviderRow(TenantRow, AuditColumns, VersionColumn, Base):
    """A provider with its models; the credential is sealed before it comes here."""

    __tablename__ = "model_providers"
    __table_args__ = (
        Index(MODEL_PROVIDER_NAME_UNIQUE, "tenant_id", "name", unique=True),
        Index("ix_model_providers_created_at", "tenant_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text(collation="C"))
    kind: Mapped[str]
    base_url: Mapped[str | None]
    credential: Mapped[bytes | None] = mapped_column(BYTEA)
    credential_hint: Mapped[str | None]
    models: Mapped[list[dict[str, object]]] = mapped_column(JSONB)
    enabled: Mapped[bool]
