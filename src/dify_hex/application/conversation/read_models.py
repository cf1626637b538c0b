"""What is shown of conversations and messages: frozen, and ready for the wire."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.feedback import Opinion
from dify_hex.domain.conversation.message import MessageStatus
from dify_hex.domain.shared.ids import AppId, ConversationId, MessageId, WorkflowRunId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A conversation; `head_id` is the message that was asked last."""

    id: ConversationId
    app_id: AppId
    user: str
    name: str
    head_id: MessageId | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """The view of a conversation that was just changed."""
        state = conversation.state
        return cls(
            id=conversation.id,
            app_id=conversation.app_id,
            user=conversation.user,
            name=state.name,
            head_id=state.head_id,
            version=conversation.version,
            created_at=state.created_at,
            updated_at=state.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerError:
    """Why there is no answer, or only a part of one."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUsage:
    """What the answer cost; the first token is counted from the run's start, in milliseconds."""

    prompt_tokens: int
    completion_tokens: int
    first_token_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message with its answer as far as its run has been recorded."""

    id: MessageId
    app_id: AppId
    conversation_id: ConversationId | None
    parent_id: MessageId | None
    run_id: WorkflowRunId
    user: str
    query: str
    inputs: JsonObject
    files: tuple[FileReference, ...]
    status: MessageStatus
    answer: str
    usage: MessageUsage
    error: AnswerError | None
    feedback: Opinion | None
    created_at: datetime
    finished_at: datetime | None
    #: The passages that the answer's models were shown, in that order.
    citations: tuple[Citation, ...] = ()
