"""Conversations on PostgreSQL, of a tenant that no other test has."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.conversation.reader import (
    SqlConversationReader,
    SqlMessageReader,
)
from dify_hex.adapters.persistence.transactions import tenant_connection, tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.message import Message, MessageGlance, MessageStatus
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    MessageId,
    TenantId,
)
from tests.builders.app import NOW
from tests.builders.conversation import ANN, question

Begin = Callable[[], SqlUnitOfWork]


@pytest.fixture
def app_id() -> AppId:
    """A new app."""
    return AppId(new_id())


@pytest.fixture
def begin(engine: AsyncEngine, tenant_id: TenantId) -> Begin:
    """Units of work of the tenant."""
    return lambda: SqlUnitOfWork(engine, tenant_id)


@pytest.fixture
def conversations(engine: AsyncEngine) -> SqlConversationReader:
    """The reader of conversations."""
    return SqlConversationReader(tenant_reads(engine))


@pytest.fixture
def messages(engine: AsyncEngine) -> SqlMessageReader:
    """The reader of messages."""
    return SqlMessageReader(tenant_reads(engine))


class Talk:
    """A conversation that is being had."""

    def __init__(self, begin: Begin, pool: asyncpg.Pool, conversation: Conversation) -> None:
        self._begin = begin
        self._pool = pool
        self.conversation = conversation
        self.id = conversation.id
        self.tenant_id = conversation.tenant_id

    async def ask(self, query: str = "Hello?", *, reply_to: MessageId | None = None) -> Message:
        """Say something; the first time also keeps the conversation."""
        parent = (
            None if reply_to is None else MessageGlance(id=reply_to, status=MessageStatus.SUCCEEDED)
        )
        async with self._begin() as work:
            opens = self.conversation.stored_version == 0
            if not opens:
                self.conversation = await work.conversations.get(self.id)
            message = self.conversation.ask(question(query), reply_to=parent, now=NOW)
            if opens:
                await work.conversations.open(self.conversation, message)
            else:
                await work.messages.add(message)
            await work.commit()
        self.conversation = await self.load()
        return message

    async def load(self) -> Conversation:
        """The conversation as it is stored."""
        async with self._begin() as work:
            return await work.conversations.get(self.id)

    async def end(self, message: Message, **columns: object) -> None:
        """Project the end of a run onto the message."""
        values: Mapping[str, Any] = {"status": "succeeded", "answer": "Yes.", **columns}
        changes = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, start=2))
        async with tenant_connection(self._pool, self.tenant_id) as connection:
            await connection.execute(
                f"UPDATE messages SET {changes} WHERE id = $1", message.id, *values.values()
            )


def conversation_of(
    tenant_id: TenantId, app_id: AppId, user: EndUserName = ANN, minutes: int = 0
) -> Conversation:
    return Conversation.start(
        id=ConversationId(new_id()),
        tenant_id=tenant_id,
        app_id=app_id,
        user=user,
        query=f"Query {minutes}",
        now=NOW + timedelta(minutes=minutes),
    )


@pytest.fixture
def talk(begin: Begin, pool: asyncpg.Pool, tenant_id: TenantId, app_id: AppId) -> Talk:
    """A conversation of Ann's, in which nothing was said yet."""
    return Talk(begin, pool, conversation_of(tenant_id, app_id))
