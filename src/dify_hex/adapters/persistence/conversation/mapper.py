"""Conversations, messages and feedback to rows and back."""

from typing import Any

from dify_hex.adapters.persistence.conversation.rows import ConversationRow, FeedbackRow
from dify_hex.domain.conversation.conversation import Conversation, ConversationState
from dify_hex.domain.conversation.feedback import (
    Feedback,
    FeedbackRating,
    FeedbackSubject,
    Opinion,
)
from dify_hex.domain.conversation.message import Message
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    FeedbackId,
    MessageId,
    TenantId,
)


def to_domain(row: ConversationRow) -> Conversation:
    """The conversation of a row."""
    return Conversation(
        id=ConversationId(row.id),
        tenant_id=TenantId(row.tenant_id),
        app_id=AppId(row.app_id),
        user=EndUserName(row.end_user),
        version=row.version,
        state=ConversationState(
            name=row.name,
            head_id=None if row.head_id is None else MessageId(row.head_id),
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
        ),
    )


def write(conversation: Conversation, row: ConversationRow) -> None:
    """Copy the conversation to its row."""
    state = conversation.state
    row.id = conversation.id
    row.tenant_id = conversation.tenant_id
    row.app_id = conversation.app_id
    row.end_user = conversation.user
    row.version = conversation.version
    row.name = state.name
    row.head_id = state.head_id
    row.created_at = state.created_at
    row.updated_at = state.updated_at
    row.deleted_at = state.deleted_at


def message_columns(message: Message) -> dict[str, Any]:
    """What is known of a message at its birth; the rest is written when its run ends."""
    return {
        "id": message.id,
        "tenant_id": message.tenant_id,
        "app_id": message.app_id,
        "conversation_id": message.conversation_id,
        "parent_id": message.parent_id,
        "run_id": message.run_id,
        "end_user": message.user,
        "query": message.query,
        "inputs": dict(message.inputs),
        "created_at": message.created_at,
    }


def feedback_to_domain(row: FeedbackRow) -> Feedback:
    """The feedback of a row."""
    return Feedback(
        id=FeedbackId(row.id),
        tenant_id=TenantId(row.tenant_id),
        subject=FeedbackSubject(
            message_id=MessageId(row.message_id),
            app_id=AppId(row.app_id),
            user=EndUserName(row.end_user),
        ),
        opinion=Opinion(rating=FeedbackRating(row.rating), reason=row.reason),
        given_at=row.given_at,
        version=row.version,
    )


def write_feedback(feedback: Feedback, row: FeedbackRow) -> None:
    """Copy the feedback to its row."""
    row.id = feedback.id
    row.tenant_id = feedback.tenant_id
    row.message_id = feedback.subject.message_id
    row.app_id = feedback.subject.app_id
    row.end_user = feedback.subject.user
    row.rating = feedback.opinion.rating.value
    row.reason = feedback.opinion.reason
    row.given_at = feedback.given_at
    row.version = feedback.version
