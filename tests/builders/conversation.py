"""Conversations, messages and feedback for tests."""

from dify_hex.application.shared.identity import new_id
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.feedback import (
    Feedback,
    FeedbackRating,
    FeedbackSubject,
    Opinion,
)
from dify_hex.domain.conversation.message import MessageGlance, MessageStatus, Question
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    FeedbackId,
    MessageId,
    WorkflowRunId,
)
from tests.builders.app import NOW, TENANT

ANN = EndUserName("ann")


def new_conversation(
    query: str = "Where is my order?", *, app_id: AppId | None = None, user: EndUserName = ANN
) -> Conversation:
    """A conversation in which nothing was said yet."""
    return Conversation.start(
        id=ConversationId(new_id()),
        tenant_id=TENANT,
        app_id=app_id or AppId(new_id()),
        user=user,
        query=query,
        now=NOW,
    )


def question(query: str = "Where is my order?") -> Question:
    """Something to say."""
    return Question(
        message_id=MessageId(new_id()),
        run_id=WorkflowRunId(new_id()),
        query=query,
        inputs={"tone": "kind"},
    )


def glance(status: MessageStatus = MessageStatus.SUCCEEDED) -> MessageGlance:
    """A message that others may reply to."""
    return MessageGlance(id=MessageId(new_id()), status=status)


def new_feedback(
    rating: FeedbackRating = FeedbackRating.LIKE, *, message_id: MessageId | None = None
) -> Feedback:
    """Feedback that was just given, its event still pending."""
    return Feedback.give(
        id=FeedbackId(new_id()),
        tenant_id=TENANT,
        subject=FeedbackSubject(
            message_id=message_id or MessageId(new_id()), app_id=AppId(new_id()), user=ANN
        ),
        opinion=Opinion(rating=rating, reason="Because."),
        now=NOW,
    )
