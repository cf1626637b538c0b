"""What a model is reminded of: the turns on the way to a message, and no others."""

import asyncpg
import pytest

from dify_hex.adapters.persistence.conversation.memory import SqlConversationMemory
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from tests.integration.persistence.conversation.conftest import Talk


@pytest.fixture
def memory(pool: asyncpg.Pool) -> SqlConversationMemory:
    """The memory."""
    return SqlConversationMemory(pool)


async def test_a_first_message_follows_nothing(memory: SqlConversationMemory, talk: Talk) -> None:
    message = await talk.ask()

    assert await memory.turns_before(talk.tenant_id, talk.id, message.id, limit=9) == []


async def test_only_the_branch_of_the_message_is_remembered_oldest_first(
    memory: SqlConversationMemory, talk: Talk
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
    memory: SqlConversationMemory, talk: Talk
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


async def test_other_tenants_remember_nothing(memory: SqlConversationMemory, talk: Talk) -> None:
    first = await talk.ask("One")
    await talk.end(first)
    asked = await talk.ask("Two", reply_to=first.id)

    assert (await memory.turns_before(TenantId(new_id()), talk.id, asked.id, limit=9)) == []
