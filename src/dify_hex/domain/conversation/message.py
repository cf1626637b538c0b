"""A message: one turn, asked by an end user and answered by a run."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    MessageId,
    TenantId,
    WorkflowRunId,
)
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonObject


class MessageStatus(StrEnum):
    """Where the answer stands; the words of the run that makes it."""

    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    PARTIAL_SUCCEEDED = "partial_succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether the answer will not change any more."""
        return self not in _OPEN


_OPEN = frozenset({MessageStatus.RUNNING, MessageStatus.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was asked, and which run answers it.

    A message never changes by anybody's hand: answer, usage and status are facts of its run, and
    are written to it in the transaction that ends the run. Its parent is the message it replies
    to, so a conversation is a tree; without one it begins a conversation, or a branch of it.
    """

    id: MessageId
    tenant_id: TenantId
    app_id: AppId
    #: None where messages stand alone.
    conversation_id: ConversationId | None
    parent_id: MessageId | None
    run_id: WorkflowRunId
    user: EndUserName
    query: str
    inputs: JsonObject
    created_at: datetime
    files: tuple[FileReference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageGlance:
    """Of a message that others reply to, just what its conversation has to know."""

    id: MessageId
    status: MessageStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something an end user says, before it is a message."""

    message_id: MessageId
    run_id: WorkflowRunId
    query: str
    inputs: JsonObject
    files: tuple[FileReference, ...] = ()
