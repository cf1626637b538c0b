"""Looking at conversations and messages, straight from SQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_

from dify_hex.adapters.persistence.app.rows import AppRow
from dify_hex.adapters.persistence.citations import citations_to_domain
from dify_hex.adapters.persistence.conversation.repository import IN_CONVERSATION, IS_SHOWN
from dify_hex.adapters.persistence.conversation.rows import (
    ConversationRow,
    FeedbackRow,
    MessageRow,
)
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.conversation.ports import (
    ConversationFilter,
    ConversationReader,
    MessageReader,
)
from dify_hex.application.conversation.read_models import (
    AnswerError,
    ConversationView,
    MessageUsage,
    MessageView,
)
from dify_hex.domain.conversation.errors import ConversationNotFound, MessageNotFound
from dify_hex.domain.conversation.feedback import FeedbackRating, Opinion
from dify_hex.domain.conversation.message import MessageStatus
from dify_hex.domain.shared.ids import AppId, ConversationId, MessageId, TenantId, WorkflowRunId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from dify_hex.domain.shared.values.file_reference import FileReference

_CONVERSATION = (
    ConversationRow.id,
    ConversationRow.app_id,
    ConversationRow.end_user,
    ConversationRow.name,
    ConversationRow.head_id,
    ConversationRow.version,
    ConversationRow.created_at,
    ConversationRow.updated_at,
)
_MESSAGE = (
    MessageRow.id,
    MessageRow.app_id,
    MessageRow.conversation_id,
    MessageRow.parent_id,
    MessageRow.run_id,
    MessageRow.end_user,
    MessageRow.query,
    MessageRow.inputs,
    MessageRow.files,
    MessageRow.status,
    MessageRow.answer,
    MessageRow.prompt_tokens,
    MessageRow.completion_tokens,
    MessageRow.first_token_ms,
    MessageRow.error_code,
    MessageRow.error_message,
    MessageRow.created_at,
    MessageRow.finished_at,
    MessageRow.citations,
    FeedbackRow.rating,
    FeedbackRow.reason,
)
_OF_MESSAGE = (FeedbackRow.tenant_id == MessageRow.tenant_id) & (
    FeedbackRow.message_id == MessageRow.id
)
_OF_APP = (AppRow.tenant_id == MessageRow.tenant_id) & (AppRow.id == MessageRow.app_id)
_APP_OF_CONVERSATION = (AppRow.tenant_id == ConversationRow.tenant_id) & (
    AppRow.id == ConversationRow.app_id
)


class SqlConversationReader(ConversationReader):
    """Looks at a tenant's conversations."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_conversations(
        self, tenant_id: TenantId, wanted: ConversationFilter, cursor: CursorRequest
    ) -> CursorPage[ConversationView]:
        """Conversations, the latest active first; a cursor that is unknown ends the list."""
        statement = (
            _conversations(tenant_id)
            .where(ConversationRow.app_id == wanted.app_id)
            .order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc())
            .limit(cursor.limit + 1)
        )
        if wanted.user is not None:
            statement = statement.where(ConversationRow.end_user == wanted.user)
        if cursor.after is not None:
            statement = statement.where(
                tuple_(ConversationRow.updated_at, ConversationRow.id)
                < _place_of(tenant_id, cursor.after)
            )
        async with self._reads(tenant_id) as connection:
            rows = (await connection.execute(statement)).all()
        views = [_conversation_view(row) for row in rows[: cursor.limit]]
        return CursorPage(
            items=views, next_cursor=views[-1].id if len(rows) > cursor.limit else None
        )

    async def get_conversation(
        self, tenant_id: TenantId, conversation_id: ConversationId
    ) -> ConversationView:
        """One conversation."""
        async with self._reads(tenant_id) as connection:
            result = await connection.execute(
                _conversations(tenant_id).where(ConversationRow.id == conversation_id)
            )
            row = result.one_or_none()
        if row is None:
            raise ConversationNotFound
        return _conversation_view(row)


class SqlMessageReader(MessageReader):
    """Looks at a tenant's messages."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_messages(
        self, tenant_id: TenantId, conversation_id: ConversationId, cursor: CursorRequest
    ) -> CursorPage[MessageView]:
        """The messages of a conversation, the latest first: their ids sort by time."""
        statement = (
            _messages(tenant_id)
            .where(MessageRow.conversation_id == conversation_id)
            .order_by(MessageRow.id.desc())
            .limit(cursor.limit + 1)
        )
        if cursor.after is not None:
            statement = statement.where(MessageRow.id < cursor.after)
        async with self._reads(tenant_id) as connection:
            rows = (await connection.execute(statement)).all()
        views = [_message_view(row) for row in rows[: cursor.limit]]
        return CursorPage(
            items=views, next_cursor=views[-1].id if len(rows) > cursor.limit else None
        )

    async def get_message(self, tenant_id: TenantId, message_id: MessageId) -> MessageView:
        """One message."""
        statement = _messages(tenant_id).where(MessageRow.id == message_id)
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise MessageNotFound
        return _message_view(row)


def _place_of(tenant_id: TenantId, conversation_id: UUID) -> Any:
    """Where a conversation stands in the order, as a row value."""
    return (
        select(ConversationRow.updated_at, ConversationRow.id)
        .where(ConversationRow.tenant_id == tenant_id, ConversationRow.id == conversation_id)
        .scalar_subquery()
    )


def _conversations(tenant_id: TenantId) -> Select[*tuple[Any, ...]]:
    return (
        select(*_CONVERSATION)
        .outerjoin(AppRow, _APP_OF_CONVERSATION)
        .where(
            ConversationRow.tenant_id == tenant_id,
            ConversationRow.deleted_at.is_(None),
            AppRow.deleted_at.is_(None),
        )
    )


def _messages(tenant_id: TenantId) -> Select[*tuple[Any, ...]]:
    return (
        select(*_MESSAGE)
        .outerjoin(ConversationRow, IN_CONVERSATION)
        .outerjoin(AppRow, _OF_APP)
        .outerjoin(FeedbackRow, _OF_MESSAGE)
        .where(MessageRow.tenant_id == tenant_id, IS_SHOWN, AppRow.deleted_at.is_(None))
    )


def _conversation_view(row: Row[*tuple[Any, ...]]) -> ConversationView:
    return ConversationView(
        id=ConversationId(row.id),
        app_id=AppId(row.app_id),
        user=row.end_user,
        name=row.name,
        head_id=row.head_id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _message_view(row: Row[*tuple[Any, ...]]) -> MessageView:
    return MessageView(
        id=MessageId(row.id),
        app_id=AppId(row.app_id),
        conversation_id=row.conversation_id,
        parent_id=row.parent_id,
        run_id=WorkflowRunId(row.run_id),
        user=row.end_user,
        query=row.query,
        inputs=row.inputs,
        files=tuple(filter(None, map(FileReference.from_json, row.files))),
        status=MessageStatus(row.status),
        answer=row.answer,
        usage=MessageUsage(
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.completion_tokens,
            first_token_ms=row.first_token_ms,
        ),
        error=(
            None
            if row.error_code is None
            else AnswerError(code=row.error_code, message=row.error_message or "")
        ),
        feedback=(
            None
            if row.rating is None
            else Opinion(rating=FeedbackRating(row.rating), reason=row.reason)
        ),
        created_at=row.created_at,
        finished_at=row.finished_at,
        citations=citations_to_domain(row.citations),
    )
