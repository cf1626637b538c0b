"""Leases and control of runs on PostgreSQL: who owns which run, and what is asked of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.persistence.workflow.leases import PostgresRunLeases
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.records import (
    Lease,
    Renewed,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.stored_runs import Runs, age, ending
from tests.builders.workflow import chat_graph


class TestLeases:
    async def test_renewing_tells_what_is_desired(self, runs: Runs) -> None:
        lease = await runs.born()
        await runs.control.desire(lease.tenant_id, lease.run_id, DesiredState.STOP)

        assert await runs.leases.renew([lease]) == {
            lease.run_id: Renewed(DesiredState.STOP, inbox=0)
        }

    @pytest.mark.usefixtures("settled")
    async def test_a_lease_that_was_taken_over_cannot_be_renewed(
        self, runs: Runs, owner: asyncpg.Connection
    ) -> None:
        lease = await runs.born()
        await age(owner, lease)
        assert lease.run_id in await self.claim_all(runs)

        assert await runs.leases.renew([lease]) == {}

    async def test_a_lease_is_safe_until_it_ends(self, runs: Runs) -> None:
        lease = await runs.born()

        assert lease.run_id not in await self.claim_all(runs)

    @pytest.mark.usefixtures("settled")
    async def test_a_run_whose_owner_died_is_taken_over_with_a_higher_token(
        self, runs: Runs, owner: asyncpg.Connection
    ) -> None:
        lease = await runs.born()
        await age(owner, lease)

        claimed = await self.claim_all(runs)

        assert claimed[lease.run_id].token == 2

    @pytest.mark.usefixtures("settled")
    async def test_after_a_sleep_owners_get_one_lease_time_to_renew(
        self,
        runs: Runs,
        owner: asyncpg.Connection,
        pool: asyncpg.Pool,
        system_pool: asyncpg.Pool,
    ) -> None:
        clock = [0.0]
        runs.leases = PostgresRunLeases(pool, system_pool, now=lambda: clock[0])
        lease = await runs.born()
        await age(owner, lease)

        clock[0] = 60.0
        assert lease.run_id not in await self.claim_all(runs)
        clock[0] = 63.0
        assert lease.run_id not in await self.claim_all(runs)
        clock[0] = 66.5
        assert lease.run_id in await self.claim_all(runs)

    async def test_a_background_run_is_claimed_at_once_and_only_once(self, runs: Runs) -> None:
        lease = await runs.born(background=True)

        both = await asyncio.gather(self.claim_all(runs), self.claim_all(runs))

        assert sum(lease.run_id in claimed for claimed in both) == 1

    async def test_a_released_run_is_claimed_without_waiting(self, runs: Runs) -> None:
        lease = await runs.born()

        await runs.leases.release([lease])

        assert lease.run_id in await self.claim_all(runs)

    async def test_a_paused_run_is_taken_by_whoever_acts_first(self, runs: Runs) -> None:
        lease = await runs.born()
        await runs.journal.finish(replace(ending(lease, 3), status=RunStatus.PAUSED))

        first = await runs.leases.take_paused(lease.tenant_id, lease.run_id, "api-2")
        second = await runs.leases.take_paused(lease.tenant_id, lease.run_id, "api-3")

        assert first is not None
        assert first.lease.token == 2
        assert second is None
        assert (await runs.control.get(lease.tenant_id, lease.run_id)).background

    async def claim_all(self, runs: Runs) -> dict[WorkflowRunId, Lease]:
        claimed = await runs.leases.claim_due("worker-1", limit=1000)
        return {each.lease.run_id: each.lease for each in claimed}


class TestControl:
    async def test_a_stored_run_brings_its_graph(self, runs: Runs) -> None:
        lease = await runs.born()

        stored = await runs.control.get(lease.tenant_id, lease.run_id)

        assert PydanticGraphCodec().parse(stored.graph.json) == chat_graph()
        assert stored.resume_window == timedelta(seconds=20)

    async def test_nothing_is_desired_of_a_run_that_has_ended(self, runs: Runs) -> None:
        lease = await runs.born()
        await runs.journal.finish(ending(lease, 3))

        status = await runs.control.desire(lease.tenant_id, lease.run_id, DesiredState.STOP)

        assert status is RunStatus.SUCCEEDED
        stored = await runs.control.get(lease.tenant_id, lease.run_id)
        assert stored.desired_state is DesiredState.RUN

    async def test_the_run_of_another_tenant_does_not_exist(self, runs: Runs) -> None:
        lease = await runs.born()

        with pytest.raises(WorkflowRunNotFound):
            await runs.control.desire(TenantId(new_id()), lease.run_id, DesiredState.STOP)
        with pytest.raises(WorkflowRunNotFound):
            await runs.control.get(TenantId(new_id()), lease.run_id)
