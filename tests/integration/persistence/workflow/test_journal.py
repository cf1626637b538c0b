"""The journal on PostgreSQL: group commits under the tenant wall, fenced by the lease token."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.adapters.persistence.workflow.journal import PostgresRunJournal
from dify_hex.adapters.persistence.workflow.leases import PostgresRunControl, PostgresRunLeases
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.workflow.records import (
    JournalRow,
    Lease,
    NewRun,
    RunEnding,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import LeaseLost, WorkflowRunNotFound
from dify_hex.domain.workflow.events import WorkflowRunFinished
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.builders.workflow import NOW, chat_graph, facts

OWNER = "api-1"


class Runs:
    """Stores runs and speaks for their owners."""

    def __init__(self, engine: AsyncEngine, pool: asyncpg.Pool, system_pool: asyncpg.Pool) -> None:
        self._engine = engine
        self.journal = PostgresRunJournal(pool, SilentTelemetry())
        self.leases = PostgresRunLeases(pool, system_pool)
        self.control = PostgresRunControl(pool)

    async def born(
        self,
        tenant_id: TenantId | None = None,
        *,
        run_id: WorkflowRunId | None = None,
        background: bool = False,
    ) -> Lease:
        """A run that has just been committed."""
        tenant = tenant_id or TenantId(new_id())
        lease = Lease(
            tenant_id=tenant,
            run_id=run_id or WorkflowRunId(new_id()),
            owner="" if background else OWNER,
            token=0 if background else 1,
        )
        run = WorkflowRun(run_id=lease.run_id, tenant_id=tenant, graph=chat_graph())
        document = PydanticGraphCodec().document(chat_graph())
        events = run.start(facts(run_id=lease.run_id))
        codec = PydanticRunEventCodec()
        async with SqlUnitOfWork(self._engine, tenant) as work:
            await work.graph_documents.add(document)
            await work.workflow_runs.add(
                NewRun(
                    lease=lease,
                    facts=replace(run.facts, graph_hash=document.hash),
                    rows=[
                        row(lease, seq, event.type, codec.encode(event))
                        for seq, event in enumerate(events, start=1)
                    ],
                    background=background,
                    resume_window=timedelta(seconds=20),
                )
            )
            await work.commit()
        return lease


def row(lease: Lease, seq: int, kind: str = "node.started", payload: str = "{}") -> JournalRow:
    """A row of the run."""
    return JournalRow(
        tenant_id=lease.tenant_id,
        run_id=lease.run_id,
        seq=seq,
        token=lease.token,
        type=kind,
        payload=payload,
        at=NOW,
    )


def ending(lease: Lease, seq: int) -> RunEnding:
    """A run that succeeded."""
    return RunEnding(
        lease=lease,
        rows=[row(lease, seq, "run.succeeded")],
        status=RunStatus.SUCCEEDED,
        usage=Usage(prompt_tokens=3, completion_tokens=4),
        steps=3,
        at=NOW,
        event=WorkflowRunFinished(
            tenant_id=lease.tenant_id,
            occurred_at=NOW,
            run_id=lease.run_id,
            status=RunStatus.SUCCEEDED,
            message_id=None,
            error_code=None,
            prompt_tokens=3,
            completion_tokens=4,
        ),
        outputs={"answer": "Hello."},
    )


@pytest.fixture
def runs(engine: AsyncEngine, pool: asyncpg.Pool, system_pool: asyncpg.Pool) -> Runs:
    return Runs(engine, pool, system_pool)


async def seqs(runs: Runs, lease: Lease) -> list[int]:
    rows = await runs.journal.read(lease.tenant_id, lease.run_id, after=0)
    return [each.seq for each in rows]


async def age(owner: asyncpg.Connection, lease: Lease) -> None:
    """Let the lease have ended a while ago; the owner role is blind, so the wall is opened."""
    await owner.execute("ALTER TABLE workflow_runs NO FORCE ROW LEVEL SECURITY")
    await owner.execute(
        "UPDATE workflow_runs SET lease_expires_at = now() - interval '1 s' WHERE run_id = $1",
        lease.run_id,
    )
    await owner.execute("ALTER TABLE workflow_runs FORCE ROW LEVEL SECURITY")


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

        async with asyncio.timeout(2):
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


class TestLeases:
    async def test_renewing_tells_what_is_desired(self, runs: Runs) -> None:
        lease = await runs.born()
        await runs.control.desire(lease.tenant_id, lease.run_id, DesiredState.STOP)

        assert await runs.leases.renew([lease]) == {lease.run_id: DesiredState.STOP}

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
