"""The journal on PostgreSQL: group commits under the tenant wall, fenced by the token."""

import asyncio

import asyncpg
import pytest

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.records import (
    Lease,
)
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.workflow.errors import LeaseLost
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.stored_runs import OWNER, Runs, ending, row, seqs


class TestAppending:
    async def test_a_run_is_born_with_its_first_events(self, runs: Runs) -> None:
        lease = await runs.born()

        rows = await runs.journal.read(lease.tenant_id, lease.run_id, after=0)

        assert [(each.seq, each.type) for each in rows] == [
            (1, "run.started"),
            (2, "message.started"),
        ]
        event = PydanticRunEventCodec().decode(rows[0].type, rows[0].payload)
        assert event.type == "run.started"

    async def test_runs_of_several_tenants_are_committed_in_one_batch(self, runs: Runs) -> None:
        leases = [await runs.born() for _ in range(5)]

        await asyncio.gather(
            *(runs.journal.append([row(lease, 3)], urgent=True) for lease in leases)
        )

        assert [await seqs(runs, lease) for lease in leases] == [[1, 2, 3]] * 5

    async def test_a_stale_owner_loses_its_own_rows_and_nobody_elses(self, runs: Runs) -> None:
        stale, healthy = await runs.born(), await runs.born()
        stolen = Lease(
            tenant_id=stale.tenant_id, run_id=stale.run_id, owner=OWNER, token=stale.token + 1
        )

        outcomes = await asyncio.gather(
            runs.journal.append([row(stolen, 3)], urgent=True),
            runs.journal.append([row(healthy, 3)], urgent=True),
            return_exceptions=True,
        )

        assert isinstance(outcomes[0], LeaseLost)
        assert await seqs(runs, stale) == [1, 2]
        assert await seqs(runs, healthy) == [1, 2, 3]

    async def test_rows_that_had_arrived_may_be_sent_again(self, runs: Runs) -> None:
        lease = await runs.born()
        await runs.journal.append([row(lease, 3)], urgent=True)

        await runs.journal.append([row(lease, 3)], urgent=True)

        assert await seqs(runs, lease) == [1, 2, 3]

    async def test_rows_nobody_waits_for_arrive_soon_as_well(self, runs: Runs) -> None:
        lease = await runs.born()

        async with asyncio.timeout(10):
            await runs.journal.append([row(lease, 3)], urgent=False)

        assert await seqs(runs, lease) == [1, 2, 3]

    async def test_a_request_that_spoils_the_batch_is_alone_in_failing(self, runs: Runs) -> None:
        broken, healthy = await runs.born(), await runs.born()

        outcomes = await asyncio.gather(
            runs.journal.append([row(broken, 3, payload="not json")], urgent=True),
            runs.journal.append([row(healthy, 3)], urgent=True),
            return_exceptions=True,
        )

        assert isinstance(outcomes[0], Exception)
        assert await seqs(runs, healthy) == [1, 2, 3]

    async def test_another_tenant_reads_nothing(self, runs: Runs) -> None:
        lease = await runs.born()

        assert await runs.journal.read(TenantId(new_id()), lease.run_id, after=0) == []
        assert await runs.journal.heads([(TenantId(new_id()), lease.run_id)]) == {}


class TestEnding:
    async def test_rows_status_and_outgoing_event_are_one_transaction(
        self, runs: Runs, system_pool: asyncpg.Pool
    ) -> None:
        lease = await runs.born()

        await runs.journal.finish(ending(lease, 3))

        heads = await runs.journal.heads([(lease.tenant_id, lease.run_id)])
        assert heads[lease.run_id].status is RunStatus.SUCCEEDED
        assert heads[lease.run_id].seq == 3
        told = await system_pool.fetchval(
            "SELECT count(*) FROM outbox_events WHERE tenant_id = $1", lease.tenant_id
        )
        assert told == 1

    async def test_an_ending_that_is_sent_again_tells_nobody_twice(
        self, runs: Runs, system_pool: asyncpg.Pool
    ) -> None:
        lease = await runs.born()
        await runs.journal.finish(ending(lease, 3))

        await runs.journal.finish(ending(lease, 3))

        told = await system_pool.fetchval(
            "SELECT count(*) FROM outbox_events WHERE tenant_id = $1", lease.tenant_id
        )
        assert told == 1

    async def test_an_owner_that_lost_its_lease_ends_nothing(self, runs: Runs) -> None:
        lease = await runs.born()
        stale = Lease(tenant_id=lease.tenant_id, run_id=lease.run_id, owner=OWNER, token=0)

        with pytest.raises(LeaseLost):
            await runs.journal.finish(ending(stale, 3))

        heads = await runs.journal.heads([(lease.tenant_id, lease.run_id)])
        assert heads[lease.run_id].status is RunStatus.RUNNING
