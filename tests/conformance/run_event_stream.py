"""What every event stream of runs promises, whatever it stands on."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from dify_hex.application.workflow.ports import GAP, RunEventStream, Subscription
from dify_hex.application.workflow.records import Lease, StreamEntry
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import StreamOverflow

#: Makes one more process around the same store.
MakeStream = Callable[[], RunEventStream]
SOON = 3.0


def row(seq: int, token: int = 1, type_name: str = "node.started") -> StreamEntry:
    return StreamEntry(token, seq, 0, type_name, "{}")


def delta(seq: int, n: int, offset: int, text: str, token: int = 1) -> StreamEntry:
    return StreamEntry(token, seq, n, "message.delta", text, offset)


def reset(seq: int, n: int, text: str, token: int = 1) -> StreamEntry:
    return StreamEntry(token, seq, n, "message.reset", text, 0)


async def count(stream: RunEventStream, run_id: WorkflowRunId, expected: int) -> int:
    """At least how many readers there are, once it is as expected or time is up."""
    found: int | None = None
    for _ in range(100):
        found = (await stream.readers([run_id]))[run_id]
        if found is not None and min(found, expected or 1) == expected:
            break
        await asyncio.sleep(0.05)
    return -1 if found is None else min(found, expected or 1)


async def read(subscription: Subscription, until: StreamEntry) -> list[StreamEntry]:
    """Everything up to an entry."""
    entries: list[StreamEntry] = []
    async with asyncio.timeout(SOON):
        while until not in entries:
            entries += await subscription.next(SOON)
    return entries


def lease_of(tenant_id: TenantId, run_id: WorkflowRunId, token: int = 1) -> Lease:
    return Lease(tenant_id=tenant_id, run_id=run_id, owner=f"owner-{token}", token=token)


class RunEventStreamConformance:
    """Subclasses give the fixtures `here` and `there`: two processes."""

    @pytest.fixture
    def tenant_id(self) -> TenantId:
        return TenantId(uuid4())

    @pytest.fixture
    def run_id(self) -> WorkflowRunId:
        return WorkflowRunId(uuid4())

    @pytest.fixture
    def lease(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Lease:
        return lease_of(tenant_id, run_id)

    async def test_a_reader_sees_what_is_written_in_order(
        self, here: RunEventStream, lease: Lease
    ) -> None:
        writer = here.open(lease)
        async with here.subscribe(lease.tenant_id, lease.run_id) as reader:
            written = [row(1), row(2), delta(2, 1, 0, "Hel"), delta(2, 2, 3, "lo")]
            for entry in written:
                writer.write([entry])
            assert await read(reader, written[-1]) == written
        await writer.close()

    async def test_a_reader_in_another_process_sees_the_same(
        self, here: RunEventStream, there: RunEventStream, lease: Lease
    ) -> None:
        writer = here.open(lease)
        async with there.subscribe(lease.tenant_id, lease.run_id) as reader:
            assert await reader.next(0) == []
            written = [row(1), delta(1, 1, 0, "你好"), delta(1, 2, 2, "!\n"), row(2)]
            writer.write(written)
            assert await read(reader, written[-1]) == written
        await writer.close()

    @pytest.mark.parametrize("place", ["here", "there"])
    async def test_a_late_reader_gets_everything_that_is_kept(
        self, here: RunEventStream, there: RunEventStream, lease: Lease, place: str
    ) -> None:
        writer = here.open(lease)
        written = [row(1), delta(1, 1, 0, "Hel"), delta(1, 2, 3, "lo")]
        writer.write(written)
        await writer.close()
        stream = {"here": here, "there": there}[place]
        async with stream.subscribe(lease.tenant_id, lease.run_id) as reader:
            assert await read(reader, written[-1]) == written

    async def test_nothing_new_is_an_empty_answer_after_the_time_limit(
        self, here: RunEventStream, lease: Lease
    ) -> None:
        writer = here.open(lease)
        writer.write([row(1)])
        async with here.subscribe(lease.tenant_id, lease.run_id) as reader:
            await read(reader, row(1))
            assert await reader.next(0.01) in ([], ())
        await writer.close()

    async def test_nothing_kept_is_said_at_once(self, here: RunEventStream, lease: Lease) -> None:
        async with (
            asyncio.timeout(SOON),
            here.subscribe(lease.tenant_id, lease.run_id) as reader,
        ):
            assert await reader.next(60) == []

    async def test_a_former_owner_is_not_heard_any_more(
        self, here: RunEventStream, there: RunEventStream, lease: Lease
    ) -> None:
        former = here.open(lease)
        former.write([row(1), delta(1, 1, 0, "old")])
        async with there.subscribe(lease.tenant_id, lease.run_id) as reader:
            await read(reader, delta(1, 1, 0, "old"))
            owner = there.open(lease_of(lease.tenant_id, lease.run_id, token=2))
            owner.write([reset(1, 1, "", token=2)])
            await read(reader, reset(1, 1, "", token=2))
            former.write([delta(1, 2, 3, "older")])
            await former.close()
            owner.write([delta(1, 2, 0, "new", token=2)])
            seen = await read(reader, delta(1, 2, 0, "new", token=2))
        assert {entry.token for entry in seen} == {2}
        await owner.close()

    async def test_a_reader_stays_when_the_run_moves_to_another_process(
        self, here: RunEventStream, there: RunEventStream, lease: Lease
    ) -> None:
        writer = here.open(lease)
        async with here.subscribe(lease.tenant_id, lease.run_id) as reader:
            writer.write([row(1), delta(1, 1, 0, "Hel")])
            await read(reader, delta(1, 1, 0, "Hel"))
            await writer.close()
            owner = there.open(lease_of(lease.tenant_id, lease.run_id, token=2))
            written = [reset(1, 1, "Hel", token=2), delta(1, 2, 3, "lo", token=2)]
            owner.write(written)
            seen = await read(reader, written[-1])
        assert [entry for entry in seen if entry.type != GAP] == written
        await owner.close()

    @pytest.mark.parametrize("place", ["here", "there"])
    async def test_who_missed_the_beginning_is_told_so_and_gets_the_whole_text(
        self, here: RunEventStream, there: RunEventStream, lease: Lease, place: str
    ) -> None:
        writer = here.open(lease)
        text = ""
        for n in range(1, 6001):
            writer.write([delta(1, n, len(text), f"{n} ")])
            text += f"{n} "
            if n % 100 == 0:
                await asyncio.sleep(0)
        if place == "there":
            await writer.close()
        stream = {"here": here, "there": there}[place]
        async with stream.subscribe(lease.tenant_id, lease.run_id) as reader:
            seen = list(await reader.next(SOON))
        assert held(seen) == text
        await writer.close()

    async def test_a_slow_reader_loses_only_its_own_stream(
        self, here: RunEventStream, lease: Lease
    ) -> None:
        writer = here.open(lease)
        writer.write([row(1)])
        async with (
            here.subscribe(lease.tenant_id, lease.run_id) as slow,
            here.subscribe(lease.tenant_id, lease.run_id) as quick,
        ):
            await read(slow, row(1))
            await read(quick, row(1))
            for n in range(1, 3001):
                writer.write([delta(1, n, n - 1, "x")])
                await quick.next(SOON)
            with pytest.raises(StreamOverflow):
                await slow.next(SOON)
            writer.write([row(2)])
            assert await quick.next(SOON) == [row(2)]
        await writer.close()

    async def test_readers_are_counted_in_all_processes(
        self, here: RunEventStream, there: RunEventStream, lease: Lease
    ) -> None:
        run_id = lease.run_id
        assert await count(here, run_id, 0) == 0
        async with there.subscribe(lease.tenant_id, run_id):
            assert await count(here, run_id, 1) == 1
            async with here.subscribe(lease.tenant_id, run_id):
                assert await count(here, run_id, 1) == 1
            assert await count(here, run_id, 1) == 1
        assert await count(here, run_id, 0) == 0

    async def test_another_tenant_sees_nothing_of_a_run(
        self, here: RunEventStream, there: RunEventStream, lease: Lease
    ) -> None:
        writer = here.open(lease)
        writer.write([row(1)])
        stranger = TenantId(uuid4())
        for stream in (here, there):
            async with stream.subscribe(stranger, lease.run_id) as reader:
                assert await reader.next(0.05) in ([], ())
                assert await reader.next(0.05) in ([], ())
        await writer.close()


def held(entries: list[StreamEntry]) -> str | None:
    """The text that entries add up to; None when that cannot be known."""
    text: str | None = ""
    for entry in entries:
        if entry.type == GAP:
            text = None
        elif entry.type == "message.reset":
            text = entry.data
        elif entry.type == "message.delta":
            if entry.offset == 0:
                text = ""
            text = None if text is None or len(text) != entry.offset else text + entry.data
    return text
