"""Wake-ups between processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from dify_hex.adapters.redis.run_signals import RedisRunSignals
from dify_hex.domain.shared.ids import WorkflowRunId
from tests.fakes.valkey_server import ValkeyServer


@asynccontextmanager
async def signals(url: str) -> AsyncIterator[RedisRunSignals]:
    async with (
        Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client,
        RedisRunSignals(client) as opened,
    ):
        yield opened


async def listening(one: RedisRunSignals) -> None:
    """Return when its subscription stands: from then on it hears everything."""
    await one.wait_for_runs(15)


async def test_a_change_reaches_every_process(redis_url: str) -> None:
    run_id = WorkflowRunId(uuid4())
    async with signals(redis_url) as here, signals(redis_url) as there, asyncio.timeout(20):
        hearing = [asyncio.ensure_future(anext(one.changes())) for one in (here, there)]
        for one in (here, there):
            await listening(one)
        await here.run_changed(run_id)
        assert await asyncio.gather(*hearing) == [run_id, run_id]


async def test_a_waiting_run_wakes_those_who_wait_for_one(redis_url: str) -> None:
    async with signals(redis_url) as here, signals(redis_url) as there, asyncio.timeout(20):
        await listening(there)
        waiting = asyncio.create_task(there.wait_for_runs(60))
        await here.runs_waiting()
        await waiting


async def test_waiting_for_runs_has_an_end(redis_url: str) -> None:
    async with signals(redis_url) as here:
        await listening(here)
        began = monotonic()
        await here.wait_for_runs(0.1)
        assert monotonic() - began < 5


@pytest.mark.kill
async def test_signals_come_again_when_the_server_does(valkey: ValkeyServer) -> None:
    async with signals(valkey.url) as here, asyncio.timeout(30):
        await listening(here)
        valkey.kill()
        # Nobody waits, and nobody fails, because a signal cannot be sent.
        await here.runs_waiting()
        await here.run_changed(WorkflowRunId(uuid4()))
        await valkey.start()
        waiting = asyncio.create_task(here.wait_for_runs(60))
        while not waiting.done():
            await here.runs_waiting()
            await asyncio.sleep(0.05)


async def test_what_is_no_run_id_is_not_heard(redis_url: str) -> None:
    run_id = WorkflowRunId(uuid4())
    async with signals(redis_url) as here, Redis.from_url(redis_url) as client, asyncio.timeout(20):
        hearing = asyncio.ensure_future(anext(here.changes()))
        await listening(here)
        await client.publish("dify_hex:runs:changed", "nonsense")
        await here.run_changed(run_id)
        assert await hearing == run_id
