"""Table of first answers, kept for callers who ask again with the same key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import Base


class IdempotencyKeyRow(Base):
    """One request under a caller's key: claimed until `status` is set, then its answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_expires_at", "expires_at"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    caller: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(BYTEA)
    claimed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    #: The claim's end while there is no answer, the answer's end once there is one.
    expires_at: Mapped[datetime]
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(BYTEA)
    stream_of: Mapped[UUID | None]
