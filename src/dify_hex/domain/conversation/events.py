"""What happens to conversations and messages, and others may react to."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import AppId, ConversationId, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDeleted(DomainEvent):
    """A conversation was deleted; its messages are not shown any more."""

    name: ClassVar[str] = "conversation.deleted"

    conversation_id: ConversationId
    app_id: AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGiven(DomainEvent):
    """Somebody liked or disliked an answer, or changed their mind about it."""

    name: ClassVar[str] = "feedback.given"

    message_id: MessageId
    app_id: AppId
    rating: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackWithdrawn(DomainEvent):
    """Somebody took back what they had said about an answer."""

    name: ClassVar[str] = "feedback.withdrawn"

    message_id: MessageId
    app_id: AppId
