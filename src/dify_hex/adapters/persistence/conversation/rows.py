"""Tables of conversations, the messages in them, and what end users think of the answers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dify_hex.adapters.persistence.base import (
    NOT_DELETED,
    Base,
    SoftDelete,
    TenantRow,
    VersionColumn,
)

FEEDBACK_UNIQUE = "uq_feedback_message_id"


def _living(name: str, *columns: str) -> Index:
    return Index(name, "tenant_id", *columns, postgresql_where=text(NOT_DELETED))


class ConversationRow(TenantRow, VersionColumn, SoftDelete, Base):
    """A conversation; `updated_at` also moves when an answer ends, without a new version."""

    __tablename__ = "conversations"
    __table_args__ = (
        _living("ix_conversations_app_id", "app_id", "updated_at", "id"),
        _living("ix_conversations_end_user", "app_id", "end_user", "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    app_id: Mapped[UUID]
    end_user: Mapped[str]
    name: Mapped[str]
    head_id: Mapped[UUID | None]
    #: What runs have set of the conversation's variables; written when a run ends.
    variables: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class MessageRow(TenantRow, Base):
    """A message; what comes after `created_at` is written when its run ends.

    No foreign keys: nothing is ever deleted from these tables but by retention, which takes whole
    conversations, and every message would pay for the checks.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_conversation_id", "tenant_id", "conversation_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    app_id: Mapped[UUID]
    conversation_id: Mapped[UUID | None]
    parent_id: Mapped[UUID | None]
    run_id: Mapped[UUID]
    end_user: Mapped[str]
    query: Mapped[str]
    inputs: Mapped[dict[str, object]] = mapped_column(JSONB)
    files: Mapped[list[object]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'running'"))
    answer: Mapped[str] = mapped_column(server_default=text("''"))
    prompt_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    completion_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    first_token_ms: Mapped[int | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    #: The passages of Knowledge that the answer's models were shown.
    citations: Mapped[list[object]] = mapped_column(JSONB, server_default=text("'[]'"))


class FeedbackRow(TenantRow, VersionColumn, Base):
    """An end user's opinion of an answer."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("tenant_id", "message_id", name=FEEDBACK_UNIQUE),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID]
    app_id: Mapped[UUID]
    end_user: Mapped[str]
    rating: Mapped[str]
    reason: Mapped[str]
    given_at: Mapped[datetime]
