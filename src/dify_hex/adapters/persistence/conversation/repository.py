"""Conversations, messages and feedback in one unit of work."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, bindparam, func, insert, or_, select

from dify_hex.adapters.persistence.conversation.mapper import (
    MESSAGE_COLUMNS,
    conversation_columns,
    feedback_to_domain,
    message_columns,
    to_domain,
    write,
    write_feedback,
)
from dify_hex.adapters.persistence.conversation.rows import (
    ConversationRow,
    FeedbackRow,
    MessageRow,
)
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.errors import (
    ConversationNotFound,
    MessageNotFound,
    ParentNotFound,
)
from dify_hex.domain.conversation.feedback import Feedback, FeedbackSubject
from dify_hex.domain.conversation.message import Message, MessageGlance, MessageStatus
from dify_hex.domain.conversation.repository import (
    ConversationRepository,
    FeedbackRepository,
    MessageOwnership,
    MessageRepository,
)
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    MessageId,
    WorkflowRunId,
)

_MESSAGES = cast(Table, MessageRow.__table__)
_CONVERSATIONS = cast(Table, ConversationRow.__table__)
#: The columns of a message that the end of its run does not write.
_BORN_WITH = [column for column in _MESSAGES.c if column.name in MESSAGE_COLUMNS]
#: Those of a conversation that runs do not write.
_OPENED_WITH = [column for column in _CONVERSATIONS.c if column.name != "variables"]
_INSERT_MESSAGE = insert(_MESSAGES)
_OPEN = (
    insert(_MESSAGES)
    .values({column: bindparam(f"message_{column.name}") for column in _BORN_WITH})
    .add_cte(
        insert(_CONVERSATIONS)
        .values({column: bindparam(f"conversation_{column.name}") for column in _OPENED_WITH})
        .cte("opened")
    )
)
_UNDER_WAY = [status.value for status in MessageStatus if not status.is_final]
#: Joins a message to its conversation, where it has one.
IN_CONVERSATION = (ConversationRow.tenant_id == MessageRow.tenant_id) & (
    ConversationRow.id == MessageRow.conversation_id
)
#: A message is there as long as its conversation is; one without a conversation always is.
IS_SHOWN = or_(
    MessageRow.conversation_id.is_(None),
    ConversationRow.id.is_not(None) & ConversationRow.deleted_at.is_(None),
)


class SqlConversationRepository(ConversationRepository):
    """The conversations of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, conversation_id: ConversationId) -> Conversation:
        """The conversation."""
        row = await self._scope.session.scalar(
            select(ConversationRow).where(
                ConversationRow.tenant_id == self._scope.tenant_id,
                ConversationRow.id == conversation_id,
                ConversationRow.deleted_at.is_(None),
            )
        )
        if row is None:
            raise ConversationNotFound
        return self._scope.tracker.load(row, to_domain, write)

    async def open(self, conversation: Conversation, message: Message) -> None:
        """Keep a new conversation together with its first message, in one trip to the server."""
        stored = conversation_columns(conversation)
        await self._scope.session.execute(
            _OPEN,
            {f"conversation_{name}": value for name, value in stored.items()}
            | {f"message_{name}": value for name, value in message_columns(message).items()},
        )


class SqlMessageRepository(MessageRepository):
    """The messages of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def glance(self, conversation_id: ConversationId, message_id: MessageId) -> MessageGlance:
        """Where a message of the conversation stands."""
        status = await self._scope.session.scalar(
            select(MessageRow.status).where(
                MessageRow.tenant_id == self._scope.tenant_id,
                MessageRow.id == message_id,
                MessageRow.conversation_id == conversation_id,
            )
        )
        if status is None:
            raise ParentNotFound(parent_id=str(message_id))
        return MessageGlance(id=message_id, status=MessageStatus(status))

    async def ownership(self, message_id: MessageId) -> MessageOwnership:
        """Whose message it is."""
        result = await self._scope.session.execute(
            select(MessageRow.app_id, MessageRow.end_user, MessageRow.run_id)
            .outerjoin(ConversationRow, IN_CONVERSATION)
            .where(
                MessageRow.tenant_id == self._scope.tenant_id,
                MessageRow.id == message_id,
                IS_SHOWN,
            )
        )
        row = result.one_or_none()
        if row is None:
            raise MessageNotFound
        app_id, user, run_id = row
        return MessageOwnership(
            subject=FeedbackSubject(
                message_id=message_id, app_id=AppId(app_id), user=EndUserName(user)
            ),
            run_id=WorkflowRunId(run_id),
        )

    async def count(self, conversation_id: ConversationId) -> int:
        """How many messages the conversation has."""
        result = await self._scope.session.execute(
            select(func.count()).where(
                MessageRow.tenant_id == self._scope.tenant_id,
                MessageRow.conversation_id == conversation_id,
            )
        )
        return result.scalar_one()

    async def runs_under_way(self, conversation_id: ConversationId) -> Sequence[WorkflowRunId]:
        """The runs whose answers have not ended."""
        runs = await self._scope.session.scalars(
            select(MessageRow.run_id).where(
                MessageRow.tenant_id == self._scope.tenant_id,
                MessageRow.conversation_id == conversation_id,
                MessageRow.status.in_(_UNDER_WAY),
            )
        )
        return [WorkflowRunId(run_id) for run_id in runs]

    async def add(self, message: Message) -> None:
        """Keep a new message."""
        await self._scope.session.execute(_INSERT_MESSAGE, [message_columns(message)])


class SqlFeedbackRepository(FeedbackRepository):
    """The feedback of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def find(self, message_id: MessageId) -> Feedback | None:
        """What the message's end user thinks of its answer."""
        row = await self._scope.session.scalar(
            select(FeedbackRow).where(
                FeedbackRow.tenant_id == self._scope.tenant_id,
                FeedbackRow.message_id == message_id,
            )
        )
        if row is None:
            return None
        return self._scope.tracker.load(row, feedback_to_domain, write_feedback)

    def add(self, feedback: Feedback) -> None:
        """Keep new feedback."""
        self._scope.tracker.add(feedback, FeedbackRow(), write_feedback)

    async def remove(self, feedback: Feedback) -> None:
        """Let go of feedback that was withdrawn."""
        await self._scope.tracker.remove(feedback)
