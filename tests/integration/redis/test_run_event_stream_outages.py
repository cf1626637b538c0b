"""What happens to event streams when Valkey dies, with and without its data."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from dify_hex.adapters.redis import run_tail
from dify_hex.adapters.redis.run_event_stream import RedisRunEventStream
from dify_hex.application.workflow.ports import Subscription
from dify_hex.application.workflow.records import Lease, StreamEntry
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from tests.conformance.run_event_stream import count, delta, held, lease_of, read, row
from tests.fakes.valkey_server import ValkeyServer
from tests.integration.redis.conftest import process

pytestmark = pytest.mark.kill


@pytest.fixture
async def here(valkey: ValkeyServer) -> AsyncIterator[RedisRunEventStream]:
    async with process(valkey.url, "here") as stream:
        yield stream


@pytest.fixture
async def there(valkey: ValkeyServer) -> AsyncIterator[RedisRunEventStream]:
    async with process(valkey.url, "there") as stream:
        yield stream


@pytest.fixture
def lease() -> Lease:
    return lease_of(TenantId(uuid4()), WorkflowRunId(uuid4()))


async def text_of(subscription: Subscription, expected: str) -> list[StreamEntry]:
    """Entries until they add up to the expected text."""
    entries: list[StreamEntry] = []
    async with asyncio.timeout(30):
        while held(entries) != expected:
            entries += await subscription.next(1)
    return entries


@pytest.mark.parametrize("lose_data", [False, True])
async def test_a_reader_elsewhere_gets_the_whole_text_after_the_return(
    valkey: ValkeyServer,
    here: RedisRunEventStream,
    there: RedisRunEventStream,
    lease: Lease,
    lose_data: bool,
) -> None:
    writer = here.open(lease)
    async with there.subscribe(lease.tenant_id, lease.run_id) as reader:
        writer.write([row(1), delta(1, 1, 0, "before ")])
        await read(reader, delta(1, 1, 0, "before "))
        valkey.kill(lose_data=lose_data)
        writer.write([delta(1, 2, 7, "during ")])
        await asyncio.sleep(0.3)
        await valkey.start()
        writer.write([delta(1, 3, 14, "after")])
        await text_of(reader, "before during after")
    await writer.close()


@pytest.mark.parametrize("lose_data", [False, True])
async def test_who_comes_after_the_return_gets_the_whole_text(
    valkey: ValkeyServer,
    here: RedisRunEventStream,
    there: RedisRunEventStream,
    lease: Lease,
    lose_data: bool,
) -> None:
    writer = here.open(lease)
    writer.write([row(1), delta(1, 1, 0, "before ")])
    await asyncio.sleep(0.2)
    valkey.kill(lose_data=lose_data)
    await valkey.start()
    # The loss is noticed although nothing was written while the server was away.
    writer.write([delta(1, 2, 7, "after")])
    await asyncio.sleep(0.5)
    async with there.subscribe(lease.tenant_id, lease.run_id) as reader:
        await text_of(reader, "before after")
    await writer.close()


async def test_a_stream_that_was_deleted_begins_anew_with_the_whole_text(
    here: RedisRunEventStream, there: RedisRunEventStream, lease: Lease, valkey: ValkeyServer
) -> None:
    writer = here.open(lease)
    writer.write([row(1), delta(1, 1, 0, "before ")])
    await asyncio.sleep(0.2)
    reader, sender = await asyncio.open_unix_connection(valkey.socket)
    sender.write(b"FLUSHALL\r\n")
    assert await reader.readline() == b"+OK\r\n"
    sender.close()
    writer.write([delta(1, 2, 7, "after")])
    await asyncio.sleep(0.3)
    async with there.subscribe(lease.tenant_id, lease.run_id) as subscription:
        await text_of(subscription, "before after")
    await writer.close()


async def test_readers_beside_the_owner_do_not_notice_an_outage(
    valkey: ValkeyServer, here: RedisRunEventStream, lease: Lease
) -> None:
    writer = here.open(lease)
    async with here.subscribe(lease.tenant_id, lease.run_id) as reader:
        valkey.kill()
        for n in range(1, 1000):
            writer.write([delta(1, n, n - 1, "x")])
            assert await reader.next(1) == [delta(1, n, n - 1, "x")]
        async with here.subscribe(lease.tenant_id, lease.run_id) as late:
            await text_of(late, "x" * 999)
    await writer.close()


async def test_closing_does_not_wait_long_for_a_server_that_is_away(
    valkey: ValkeyServer, here: RedisRunEventStream, lease: Lease
) -> None:
    writer = here.open(lease)
    valkey.kill()
    writer.write([row(1)])
    async with asyncio.timeout(5):
        await writer.close()


async def test_a_reader_elsewhere_is_told_when_the_outage_lasts(
    valkey: ValkeyServer,
    there: RedisRunEventStream,
    lease: Lease,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_tail, "PATIENCE", 0.5)
    async with there.subscribe(lease.tenant_id, lease.run_id) as reader:
        await reader.next(0)
        valkey.kill()
        with pytest.raises(Unavailable):
            await _listen(reader)


async def test_who_begins_to_read_during_an_outage_catches_up_after_it(
    valkey: ValkeyServer, here: RedisRunEventStream, there: RedisRunEventStream, lease: Lease
) -> None:
    writer = here.open(lease)
    writer.write([row(1), delta(1, 1, 0, "text")])
    await asyncio.sleep(0.2)
    valkey.kill()
    async with there.subscribe(lease.tenant_id, lease.run_id) as reader:
        await reader.next(0)
        await valkey.start()
        await text_of(reader, "text")
    await writer.close()


async def test_nobody_is_counted_while_nobody_can_say(
    valkey: ValkeyServer, here: RedisRunEventStream, lease: Lease
) -> None:
    valkey.kill()
    assert await here.readers([lease.run_id]) == {lease.run_id: None}
    async with here.subscribe(lease.tenant_id, lease.run_id):
        assert await here.readers([lease.run_id]) == {lease.run_id: 1}


async def test_readers_are_counted_again_after_an_outage(
    valkey: ValkeyServer, here: RedisRunEventStream, there: RedisRunEventStream, lease: Lease
) -> None:
    valkey.kill(lose_data=True)
    async with there.subscribe(lease.tenant_id, lease.run_id):
        await valkey.start()
        assert await count(here, lease.run_id, 1) == 1


async def _listen(reader: Subscription) -> None:
    async with asyncio.timeout(30):
        while True:
            await reader.next(0.2)
