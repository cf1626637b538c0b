"""Leases while the database comes and goes, and many of them at a time."""

import asyncio
import random

import asyncpg
import pytest

from dify_hex.adapters.persistence.engine import PoolSettings, make_pool
from dify_hex.adapters.persistence.workflow.leases import PostgresRunLeases
from dify_hex.domain.shared.errors import Unavailable
from tests.builders.stored_runs import Runs, age, row
from tests.fakes.cuttable_proxy import CuttableProxy
from tests.fakes.servers import RunningServers
from tests.integration.persistence.test_outage import address_of, url_through


@pytest.mark.usefixtures("settled")
async def test_after_an_outage_owners_get_time_to_renew_before_anything_is_taken_over(
    runs: Runs, database: RunningServers, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    settings = PoolSettings(application_name="outage", size=1, command_timeout=1.0)
    async with (
        CuttableProxy(address_of(database.system_url)) as proxy,
        make_pool(url_through(database.system_url, proxy), settings) as cut_pool,
    ):
        leases = PostgresRunLeases(pool, cut_pool)
        await leases.claim_due("worker-1", limit=1000)
        owned, waiting = await runs.born(), await runs.born(background=True)
        await proxy.cut()
        with pytest.raises(Unavailable):
            await leases.claim_due("worker-1", limit=1000)
        await age(owner, owned)
        await proxy.restore()

        claimed = {each.lease.run_id for each in await leases.claim_due("worker-1", limit=1000)}

    assert waiting.run_id in claimed
    assert owned.run_id not in claimed
    assert owned.run_id in await runs.leases.renew([owned])


async def test_renewals_and_commits_of_many_runs_do_not_lock_each_other_out(runs: Runs) -> None:
    chance = random.Random(8)
    leases = [await runs.born() for _ in range(20)]

    async def renewing() -> None:
        for _ in range(10):
            renewed = await runs.leases.renew(chance.sample(leases, len(leases)))
            assert len(renewed) == len(leases)

    async def writing() -> None:
        for seq in range(3, 13):
            await asyncio.gather(
                *(
                    runs.journal.append([row(lease, seq)], urgent=True)
                    for lease in chance.sample(leases, len(leases))
                )
            )

    async with asyncio.timeout(60):
        await asyncio.gather(renewing(), renewing(), writing())
