"""Tables of runs: the run itself, its journal, and the forms that it waits for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import Base, TenantRow

#: Runs that somebody must own: what the claim looks through.
CLAIMABLE = "status IN ('pending', 'running')"


class WorkflowRunRow(TenantRow, Base):
    """A run, its lease and what is desired of it; its history is in the journal."""

    __tablename__ = "workflow_runs"
    __table_args__ = (
        Index("ix_workflow_runs_tenant_id", "tenant_id", text("run_id DESC")),
        Index("ix_workflow_runs_app_id", "tenant_id", "app_id", text("run_id DESC")),
        Index("ix_workflow_runs_claim", "lease_expires_at", postgresql_where=text(CLAIMABLE)),
        Index(
            "ix_workflow_runs_paused",
            "tenant_id",
            "app_id",
            postgresql_where=text("status = 'paused'"),
        ),
        Index("ix_workflow_runs_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_workflow_runs_parent", "tenant_id", "parent_run_id", text("run_id DESC")),
        Index("ix_workflow_runs_user", "tenant_id", "end_user", text("run_id DESC")),
        Index(
            "ix_workflow_runs_finished_at",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    app_id: Mapped[UUID]
    app_version_id: Mapped[UUID | None]
    parent_run_id: Mapped[UUID | None]
    graph_hash: Mapped[str]
    message_id: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    end_user: Mapped[str]
    status: Mapped[str]
    background: Mapped[bool]
    resume_window_ms: Mapped[int]
    desired_state: Mapped[str] = mapped_column(server_default=text("'run'"))
    lease_owner: Mapped[str | None]
    lease_token: Mapped[int]
    lease_expires_at: Mapped[datetime]
    #: Counts what has come in for the owner: answers, timers.
    inbox: Mapped[int] = mapped_column(server_default=text("0"))
    #: How many have owned the run since it last came to rest.
    owners: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime | None]
    outputs: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    error_details: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    prompt_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    completion_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    steps: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class WorkflowRunEventRow(TenantRow, Base):
    """One RunEvent; partitioned by time through the run's id."""

    __tablename__ = "workflow_run_events"
    __table_args__ = ({"postgresql_partition_by": "RANGE (run_id)"},)

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    lease_token: Mapped[int]
    type: Mapped[str]
    payload: Mapped[dict[str, object]] = mapped_column(JSONB)
    at: Mapped[datetime]


class WorkflowFormRow(TenantRow, Base):
    """A form, from the moment its node asks for it until its run is forgotten."""

    __tablename__ = "workflow_forms"
    __table_args__ = (
        Index("ix_workflow_forms_run_id", "run_id"),
        Index("ix_workflow_forms_due_at", "due_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    frame: Mapped[str]
    node_id: Mapped[str]
    content: Mapped[str]
    inputs: Mapped[list[object]] = mapped_column(JSONB)
    actions: Mapped[list[object]] = mapped_column(JSONB)
    status: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answer: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    #: How many files somebody has begun to hand in.
    uploads: Mapped[int] = mapped_column(server_default=text("0"))
