"""Conversations, messages and feedback survive the database, and its readers show them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.conversation.memory import SqlConversationMemory
from dify_hex.adapters.persistence.conversation.reader import (
    SqlConversationReader,
    SqlMessageReader,
)
from dify_hex.adapters.persistence.transactions import tenant_connection, tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.conversation.ports import ConversationFilter
from dify_hex.application.conversation.read_models import (
    AnswerError,
    ConversationView,
    MessageUsage,
)
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.conversation.conversation import Conversation
from dify_hex.domain.conversation.errors import (
    ConversationNotFound,
    MessageNotFound,
    ParentNotFound,
)
from dify_hex.domain.conversation.feedback import Feedback, FeedbackRating, Opinion
from dify_hex.domain.conversation.message import Message, MessageGlance, MessageStatus
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import (
    AppId,
    ConversationId,
    EndUserName,
    FeedbackId,
    MessageId,
    TenantId,
)
from dify_hex.domain.shared.paging import CursorRequest
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from tests.builders.app import LATER, NOW
from tests.builders.conversation import ANN, question

Begin = Callable[[], SqlUnitOfWork]
BOB = EndUserName("bob")


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


async def keep(begin: Begin, *several: Conversation) -> None:
    async with begin() as work:
        for conversation in several:
            now = conversation.state.created_at
            message = conversation.ask(question(), reply_to=None, now=now)
            await work.conversations.open(conversation, message)
        await work.commit()


async def test_a_conversation_comes_back_as_it_went(talk: Talk) -> None:
    message = await talk.ask()

    loaded = await talk.load()

    assert (loaded.id, loaded.tenant_id, loaded.user) == (talk.id, talk.tenant_id, ANN)
    assert loaded.app_id == talk.conversation.app_id
    assert loaded.state == talk.conversation.state
    assert (loaded.state.head_id, loaded.version) == (message.id, 1)


async def test_of_two_who_ask_at_once_one_is_told(begin: Begin, talk: Talk) -> None:
    await talk.ask()

    async with begin() as slow, begin() as quick:
        mine, theirs = await slow.conversations.get(talk.id), await quick.conversations.get(talk.id)
        theirs.ask(question(), reply_to=None, now=LATER)
        await quick.commit()
        mine.ask(question(), reply_to=None, now=LATER)
        with pytest.raises(StaleVersion):
            await slow.commit()


async def test_a_new_message_is_running_and_an_ended_one_tells_how(
    talk: Talk, messages: SqlMessageReader
) -> None:
    message = await talk.ask("Where?")
    born = await messages.get_message(talk.tenant_id, message.id)
    await talk.end(
        message,
        status="failed",
        answer="Well",
        prompt_tokens=7,
        completion_tokens=2,
        first_token_ms=30,
        error_code="model_unavailable",
        error_message="Gone.",
        finished_at=LATER,
    )

    ended = await messages.get_message(talk.tenant_id, message.id)

    assert (born.status, born.answer, born.error) == (MessageStatus.RUNNING, "", None)
    assert (born.query, born.inputs, born.user) == ("Where?", {"tone": "kind"}, "ann")
    assert (born.run_id, born.parent_id, born.conversation_id) == (message.run_id, None, talk.id)
    assert (born.app_id, born.created_at, born.finished_at) == (message.app_id, NOW, None)
    assert ended == replace(
        born,
        status=MessageStatus.FAILED,
        answer="Well",
        usage=MessageUsage(prompt_tokens=7, completion_tokens=2, first_token_ms=30),
        error=AnswerError(code="model_unavailable", message="Gone."),
        finished_at=LATER,
    )


async def test_messages_are_listed_latest_first_in_stretches(
    talk: Talk, messages: SqlMessageReader
) -> None:
    said = [await talk.ask(f"{n}") for n in range(3)]

    first = await messages.list_messages(talk.tenant_id, talk.id, CursorRequest(limit=2))
    rest = await messages.list_messages(
        talk.tenant_id, talk.id, CursorRequest(limit=2, after=first.next_cursor)
    )

    assert [view.id for view in first.items] == [said[2].id, said[1].id]
    assert first.next_cursor == said[1].id
    assert ([view.id for view in rest.items], rest.has_more) == ([said[0].id], False)


async def test_a_message_is_looked_up_by_conversation_or_alone(begin: Begin, talk: Talk) -> None:
    message = await talk.ask()

    async with begin() as work:
        glance = await work.messages.glance(talk.id, message.id)
        ownership = await work.messages.ownership(message.id)
        with pytest.raises(ParentNotFound):
            await work.messages.glance(ConversationId(new_id()), message.id)
        with pytest.raises(MessageNotFound):
            await work.messages.ownership(MessageId(new_id()))

    assert glance == MessageGlance(id=message.id, status=MessageStatus.RUNNING)
    assert (ownership.run_id, ownership.subject.user) == (message.run_id, ANN)
    assert ownership.subject.app_id == message.app_id


async def test_a_message_outside_any_conversation_is_there(
    begin: Begin, talk: Talk, messages: SqlMessageReader
) -> None:
    alone = replace(talk.conversation.ask(question(), reply_to=None, now=NOW), conversation_id=None)
    async with begin() as work:
        await work.messages.add(alone)
        await work.commit()

    async with begin() as work:
        assert (await work.messages.ownership(alone.id)).run_id == alone.run_id
    assert (await messages.get_message(talk.tenant_id, alone.id)).conversation_id is None


async def test_with_its_conversation_a_message_is_gone(
    begin: Begin, talk: Talk, messages: SqlMessageReader, conversations: SqlConversationReader
) -> None:
    message = await talk.ask()
    async with begin() as work:
        (await work.conversations.get(talk.id)).delete(now=LATER)
        await work.commit()

    with pytest.raises(ConversationNotFound):
        await talk.load()
    with pytest.raises(ConversationNotFound):
        await conversations.get_conversation(talk.tenant_id, talk.id)
    with pytest.raises(MessageNotFound):
        await messages.get_message(talk.tenant_id, message.id)
    async with begin() as work:
        with pytest.raises(MessageNotFound):
            await work.messages.ownership(message.id)


async def test_conversations_are_listed_latest_active_first(
    begin: Begin, conversations: SqlConversationReader, tenant_id: TenantId, app_id: AppId
) -> None:
    several = [conversation_of(tenant_id, app_id, minutes=n) for n in range(3)]
    bobs = conversation_of(tenant_id, app_id, BOB, minutes=9)
    await keep(begin, *several, bobs, conversation_of(tenant_id, AppId(new_id())))
    anns = ConversationFilter(app_id=app_id, user=ANN)

    everybody = await conversations.list_conversations(
        tenant_id, ConversationFilter(app_id=app_id), CursorRequest()
    )
    first = await conversations.list_conversations(tenant_id, anns, CursorRequest(limit=2))
    rest = await conversations.list_conversations(
        tenant_id, anns, CursorRequest(limit=2, after=first.next_cursor)
    )

    assert everybody.items[0] == ConversationView.of(bobs)
    assert len(everybody.items) == 4
    assert [view.id for view in first.items] == [several[2].id, several[1].id]
    assert ([view.id for view in rest.items], rest.has_more) == ([several[0].id], False)


async def test_a_cursor_that_is_unknown_ends_the_list(
    begin: Begin, conversations: SqlConversationReader, tenant_id: TenantId, app_id: AppId
) -> None:
    await keep(begin, conversation_of(tenant_id, app_id))

    found = await conversations.list_conversations(
        tenant_id, ConversationFilter(app_id=app_id), CursorRequest(after=new_id())
    )

    assert list(found.items) == []


async def test_feedback_is_kept_changed_shown_and_removed(
    begin: Begin, talk: Talk, messages: SqlMessageReader
) -> None:
    message = await talk.ask()
    opinion = Opinion(rating=FeedbackRating.DISLIKE, reason="Rude.")
    async with begin() as work:
        subject = (await work.messages.ownership(message.id)).subject
        given = Feedback.give(
            id=FeedbackId(new_id()),
            tenant_id=talk.tenant_id,
            subject=subject,
            opinion=Opinion(rating=FeedbackRating.LIKE),
            now=NOW,
        )
        work.feedback.add(given)
        await work.commit()
    async with begin() as work:
        found = await work.feedback.find(message.id)
        assert found is not None
        found.revise(opinion, now=LATER)
        await work.commit()

    async with begin() as work:
        loaded = await work.feedback.find(message.id)
        assert loaded is not None
        assert (loaded.id, loaded.tenant_id, loaded.subject) == (given.id, talk.tenant_id, subject)
        assert (loaded.opinion, loaded.given_at, loaded.version) == (opinion, LATER, 2)
    assert (await messages.get_message(talk.tenant_id, message.id)).feedback == opinion

    async with begin() as work:
        found = await work.feedback.find(message.id)
        assert found is not None
        found.withdraw(now=LATER)
        await work.feedback.remove(found)
        await work.commit()
    assert (await messages.get_message(talk.tenant_id, message.id)).feedback is None


async def test_nothing_is_there_for_another_tenant(
    engine: AsyncEngine, talk: Talk, messages: SqlMessageReader
) -> None:
    message = await talk.ask()
    stranger = TenantId(new_id())

    with pytest.raises(MessageNotFound):
        await messages.get_message(stranger, message.id)
    async with SqlUnitOfWork(engine, stranger) as work:
        with pytest.raises(ConversationNotFound):
            await work.conversations.get(talk.id)
        with pytest.raises(MessageNotFound):
            await work.messages.ownership(message.id)
        assert await work.feedback.find(message.id) is None


class TestMemory:
    """What a model is reminded of."""

    @pytest.fixture
    def memory(self, pool: asyncpg.Pool) -> SqlConversationMemory:
        """The memory."""
        return SqlConversationMemory(pool)

    async def test_a_first_message_follows_nothing(
        self, memory: SqlConversationMemory, talk: Talk
    ) -> None:
        message = await talk.ask()

        assert await memory.turns_before(talk.tenant_id, talk.id, message.id, limit=9) == []

    async def test_only_the_branch_of_the_message_is_remembered_oldest_first(
        self, memory: SqlConversationMemory, talk: Talk
    ) -> None:
        root = await talk.ask("One")
        await talk.end(root, answer="1")
        other = await talk.ask("Other", reply_to=root.id)
        await talk.end(other, answer="x")
        second = await talk.ask("Two", reply_to=root.id)
        await talk.end(second, answer="2")
        third = await talk.ask("Three", reply_to=second.id)

        turns = await memory.turns_before(talk.tenant_id, talk.id, third.id, limit=9)
        nearest = await memory.turns_before(talk.tenant_id, talk.id, third.id, limit=1)

        assert turns == [ChatTurn(query="One", answer="1"), ChatTurn(query="Two", answer="2")]
        assert nearest == [ChatTurn(query="Two", answer="2")]

    async def test_a_turn_that_came_to_nothing_is_passed_over(
        self, memory: SqlConversationMemory, talk: Talk
    ) -> None:
        first = await talk.ask("One")
        await talk.end(first, answer="1")
        failed = await talk.ask("Two", reply_to=first.id)
        await talk.end(failed, status="failed", answer="")
        stopped = await talk.ask("Three", reply_to=failed.id)
        await talk.end(stopped, status="stopped", answer="3")
        asked = await talk.ask("Four", reply_to=stopped.id)

        turns = await memory.turns_before(talk.tenant_id, talk.id, asked.id, limit=2)

        assert [turn.query for turn in turns] == ["One", "Three"]

    async def test_other_tenants_remember_nothing(
        self, memory: SqlConversationMemory, talk: Talk
    ) -> None:
        first = await talk.ask("One")
        await talk.end(first)
        asked = await talk.ask("Two", reply_to=first.id)

        assert (await memory.turns_before(TenantId(new_id()), talk.id, asked.id, limit=9)) == []
