"""The tables of tasks and of schedules that make them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import Base, TenantRow, VersionColumn

TASK_KEY_UNIQUE = "uq_tasks_key"
SCHEDULE_NAME_UNIQUE = "uq_schedules_name"
#: The conditions of indexes that hold few of the rows.
PENDING = "status = 'pending'"
PROCESSING = "status = 'processing'"
NOT_OVER = "status IN ('pending', 'processing') AND key IS NOT NULL"
DEAD = "dead_at IS NOT NULL"


class TaskRow(TenantRow, VersionColumn, Base):
    """A task; `progress`, `note` and `heartbeat_at` are written by its worker's heartbeats."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_tenant_id", "tenant_id", "id"),
        Index("ix_tasks_status", "tenant_id", "status", "id"),
        Index("ix_tasks_kind", "tenant_id", "kind", "id"),
        Index("ix_tasks_queue", "tenant_id", "queue", "id"),
        Index("ix_tasks_dead", "tenant_id", "id", postgresql_where=text(DEAD)),
        Index(
            TASK_KEY_UNIQUE,
            "tenant_id",
            "kind",
            "key",
            unique=True,
            postgresql_where=text(NOT_OVER),
        ),
        # What the claim walks along: from tenant to tenant, and to the oldest task of each.
        Index(
            "ix_tasks_waiting", "queue", "tenant_id", "due_at", "id", postgresql_where=text(PENDING)
        ),
        Index("ix_tasks_due", "queue", "due_at", postgresql_where=text(PENDING)),
        Index("ix_tasks_processing", "queue", "tenant_id", postgresql_where=text(PROCESSING)),
        # Whose turn it is.
        Index("ix_tasks_served", "queue", "tenant_id", "started_at"),
        Index(
            "ix_tasks_finished_at", "finished_at", postgresql_where=text("finished_at IS NOT NULL")
        ),
        Index("ix_tasks_dead_queue", "queue", postgresql_where=text(DEAD)),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    queue: Mapped[str]
    key: Mapped[str | None]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    requested_by: Mapped[UUID | None]
    max_attempts: Mapped[int]
    soft_limit_ms: Mapped[int]
    hard_limit_ms: Mapped[int]
    status: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    token: Mapped[int]
    attempts: Mapped[int]
    losses: Mapped[int]
    lease_owner: Mapped[str | None]
    heartbeat_at: Mapped[datetime | None]
    progress: Mapped[float]
    note: Mapped[str]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    result_blob: Mapped[str | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class ScheduleRow(TenantRow, VersionColumn, Base):
    """Work that is asked for again and again; `next_at` is when the next time comes."""

    __tablename__ = "schedules"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name", name=SCHEDULE_NAME_UNIQUE),
        Index("ix_schedules_next_at", "next_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    cron: Mapped[str]
    time_zone: Mapped[str]
    kind: Mapped[str]
    queue: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    next_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
