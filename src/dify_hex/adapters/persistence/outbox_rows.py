"""Tables of the outbox: events to be delivered, and who has consumed them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from dify_hex.adapters.persistence.base import Base, TenantRow

#: Where a committing transaction says that there are new events.
CHANNEL = "outbox"


class OutboxEventRow(TenantRow, Base):
    """An event that is stored with the data it describes, until every handler has taken it."""

    __tablename__ = "outbox_events"
    __table_args__ = (
        Index(
            "ix_outbox_events_due",
            "next_attempt_at",
            "id",
            postgresql_where=text("dead_at IS NULL"),
        ),
        Index("ix_outbox_events_dead", "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    payload: Mapped[dict[str, object]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    delivered_to: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class ConsumedEventRow(TenantRow, Base):
    """A handler has had its effect for an event; written in the effect's own transaction."""

    __tablename__ = "consumed_events"
    __table_args__ = (Index("ix_consumed_events_consumed_at", "consumed_at"),)

    handler: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    consumed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
