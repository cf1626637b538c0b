"""However many runs a process follows, it reads them together."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from redis.asyncio import Redis

from dify_hex.adapters.redis.run_event_stream import RedisRunEventStream
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from tests.conformance.run_event_stream import lease_of, read, row


async def test_all_runs_that_are_followed_share_one_connection(
    redis_url: str, here: RedisRunEventStream, there: RedisRunEventStream
) -> None:
    leases = [lease_of(TenantId(uuid4()), WorkflowRunId(uuid4())) for _ in range(50)]
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Redis.from_url(redis_url))
        before = len(await client.client_list())
        readers = [
            await stack.enter_async_context(there.subscribe(lease.tenant_id, lease.run_id))
            for lease in leases
        ]
        for lease in leases:
            here.open(lease).write([row(1)])

        seen = await asyncio.gather(*(read(reader, row(1)) for reader in readers))

        assert seen == [[row(1)]] * len(leases)
        # One that reads streams, one that tells who reads, the pool's; and the writer's own.
        assert len(await client.client_list()) - before <= 4
