"""A message's answer is written with the end of its run, or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.conversation.reader import SqlMessageReader
from dify_hex.adapters.persistence.transactions import tenant_connection, tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.conversation.read_models import MessageView
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.conversation.message import Message, MessageStatus
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.workflow.errors import LeaseLost
from tests.builders.stored_runs import Runs, ending
from tests.integration.persistence.conversation.conftest import Talk, conversation_of

Begin = Callable[[], SqlUnitOfWork]


@pytest.fixture
async def message(engine: AsyncEngine, pool: asyncpg.Pool, tenant_id: TenantId) -> Message:
    begin: Begin = lambda: SqlUnitOfWork(engine, tenant_id)  # noqa: E731 - as the fixture has it
    return await Talk(begin, pool, conversation_of(tenant_id, AppId(new_id()))).ask()


async def stored(engine: AsyncEngine, message: Message) -> MessageView:
    return await SqlMessageReader(tenant_reads(engine)).get_message(message.tenant_id, message.id)


async def test_the_end_of_the_run_completes_its_message(
    runs: Runs, engine: AsyncEngine, message: Message
) -> None:
    lease = await runs.born(message.tenant_id, run_id=message.run_id)

    await runs.journal.finish(replace(ending(lease, 3), message_id=message.id, answer="Hello."))

    view = await stored(engine, message)
    assert (view.status, view.answer) == (MessageStatus.SUCCEEDED, "Hello.")
    assert view.usage.completion_tokens == 4


async def test_an_owner_that_lost_its_lease_leaves_the_message_as_it_is(
    runs: Runs, engine: AsyncEngine, message: Message
) -> None:
    lease = await runs.born(message.tenant_id, run_id=message.run_id)
    stale = replace(lease, token=0)

    with pytest.raises(LeaseLost):
        await runs.journal.finish(replace(ending(stale, 3), message_id=message.id, answer="Late."))

    view = await stored(engine, message)
    assert (view.status, view.answer) == (MessageStatus.RUNNING, "")


async def test_the_end_of_the_run_keeps_what_it_has_assigned(
    runs: Runs, engine: AsyncEngine, message: Message, pool: asyncpg.Pool
) -> None:
    first = await runs.born(message.tenant_id, run_id=message.run_id)
    second = await runs.born(message.tenant_id)
    told = replace(ending(first, 3), conversation_id=message.conversation_id)

    await runs.journal.finish(replace(told, assigned={"mood": "good", "count": 1}))
    await runs.journal.finish(
        replace(told, lease=second, rows=ending(second, 3).rows, assigned={"count": 2})
    )

    async with tenant_connection(pool, message.tenant_id) as connection:
        kept = await connection.fetchval(
            "SELECT variables FROM conversations WHERE id = $1", message.conversation_id
        )
    assert json.loads(kept) == {"mood": "good", "count": 2}
