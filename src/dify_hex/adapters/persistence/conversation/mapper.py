"""Conversations, messages and feedback to rows and back."""

from typing import Any, cast

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
from dify_hex.domain.shared.values.json_value import JsonObject

#: What is known of a message at its birth; the rest is written when its run ends.
MESSAGE_COLUMNS = (
    "id",
    "tenant_id",
    "app_id",
    "conversation_id",
    "parent_id",
    "run_id",
    "end_user",
    "query",
    "inputs",
    "files",
    "created_at",
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
            variables=cast("JsonObject", row.variables),
        ),
    )


def write(conversation: Conversation, row: ConversationRow) -> None:
    """Copy the conversation to its row."""
    for name, value in conversation_columns(conversation).items():
        setattr(row, name, value)


def conversation_columns(conversation: Conversation) -> dict[str, Any]:
    """Everything that is stored of a conversation, by column."""
    state = conversation.state
    return {
        "id": conversation.id,
        "tenant_id": conversation.tenant_id,
        "app_id": conversation.app_id,
        "end_user": conversation.user,
        "version": conversation.version,
        "name": state.name,
        "head_id": state.head_id,
        "created_at": state.created_at,
        "updated_at": state.updated_at,
        "deleted_at": state.deleted_at,
    }


def message_columns(message: Message) -> dict[str, Any]:
    """What is stored of a message at its birth, by column."""
    values = (
        message.id,
        message.tenant_id,
        message.app_id,
        message.conversation_id,
        message.parent_id,
        message.run_id,
        message.user,
        message.query,
        dict(message.inputs),
        [file.to_json() for file in message.files],
        message.created_at,
    )
    return dict(zip(MESSAGE_COLUMNS, values, strict=True))


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
