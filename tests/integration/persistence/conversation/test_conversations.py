"""Conversations, messages and feedback survive the database, and its readers show them."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.conversation.reader import (
    SqlConversationReader,
    SqlMessageReader,
)
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
from dify_hex.domain.conversation.message import MessageGlance, MessageStatus
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
from tests.builders.app import LATER, NOW
from tests.builders.conversation import ANN, question
from tests.integration.persistence.conversation.conftest import Begin, Talk, conversation_of
from tests.unit.domain.shared.values.test_file_reference import PAGE, PHOTO

BOB = EndUserName("bob")


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


async def test_the_files_of_a_message_come_back_in_order(
    begin: Begin, talk: Talk, messages: SqlMessageReader
) -> None:
    shown = replace(question(), files=(PAGE, PHOTO))
    message = replace(talk.conversation.ask(shown, reply_to=None, now=NOW), conversation_id=None)
    async with begin() as work:
        await work.messages.add(message)
        await work.commit()

    assert (await messages.get_message(talk.tenant_id, message.id)).files == (PAGE, PHOTO)


async def test_the_runs_whose_answers_have_not_ended_are_known(begin: Begin, talk: Talk) -> None:
    answered, asked = await talk.ask(), await talk.ask()
    await talk.end(answered)

    async with begin() as work:
        assert await work.messages.runs_under_way(talk.id) == [asked.run_id]
        assert await work.messages.runs_under_way(ConversationId(new_id())) == []


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
