"""Runs go when they were kept for long enough, with their journals and forms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.adapters.persistence.workflow.forms import PostgresForms
from dify_hex.adapters.persistence.workflow.kept_runs import PostgresKeptRuns
from dify_hex.adapters.persistence.workflow.partitions import first_id_of
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.records import Lease
from dify_hex.application.workflow.retention import Retention, SweepOldRuns
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.app.run_retention import RunRetention
from dify_hex.domain.shared.ids import AppId, TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from tests.builders.engine import StillClock
from tests.builders.stored_runs import Runs, ending, seqs
from tests.fakes.memory_storage import MemoryBlobStorage
from tests.fakes.servers import RunningServers
from tests.integration.persistence.workflow.test_forms import form_of

#: A week long before any other test's runs, and the Monday after it.
LONG_AGO = datetime(2001, 1, 3, tzinfo=UTC)


@pytest.fixture
def kept(system_pool: asyncpg.Pool, database: RunningServers) -> PostgresKeptRuns:
    return PostgresKeptRuns(system_pool, database.admin_url)


def id_at(moment: datetime) -> WorkflowRunId:
    """An id that was made then."""
    return WorkflowRunId(UUID(int=first_id_of(moment).int + (uuid4().int & ((1 << 60) - 1))))


async def finished(runs: Runs, at: datetime, tenant_id: TenantId | None = None) -> Lease:
    """A run that began and ended then."""
    lease = await runs.born(tenant_id, run_id=id_at(at))
    await runs.journal.finish(replace(ending(lease, 3), at=at))
    return lease


async def is_there(runs: Runs, lease: Lease) -> bool:
    try:
        await runs.control.get(lease.tenant_id, lease.run_id)
    except WorkflowRunNotFound:
        assert await seqs(runs, lease) == []
        return False
    return True


async def sweep(
    kept: PostgresKeptRuns,
    now: datetime,
    *,
    age: timedelta | None = None,
    per_app: int | None = None,
) -> int:
    retention = Retention(age=age, per_app=per_app)
    values = RunValues(MemoryBlobStorage())
    return await SweepOldRuns(
        runs=kept, values=values, clock=StillClock(now), retention=retention
    ).execute()


async def test_old_runs_go_with_their_journals_and_forms(
    runs: Runs, kept: PostgresKeptRuns, pool: asyncpg.Pool
) -> None:
    forms = PostgresForms(pool)
    old, young = await finished(runs, LONG_AGO), await finished(runs, LONG_AGO + timedelta(days=9))
    await forms.open(old.tenant_id, form_of(old))

    await sweep(kept, LONG_AGO + timedelta(days=10), age=timedelta(days=5))

    assert not await is_there(runs, old)
    assert await is_there(runs, young)
    assert await forms.of_run(old.tenant_id, old.run_id) == []


async def test_a_run_that_has_not_ended_is_kept_however_old(
    runs: Runs, kept: PostgresKeptRuns
) -> None:
    waiting = await runs.born(run_id=id_at(LONG_AGO))

    await sweep(kept, LONG_AGO + timedelta(days=900), age=timedelta(days=5))

    assert await is_there(runs, waiting)


async def test_of_an_app_with_too_many_the_oldest_go(
    runs: Runs, kept: PostgresKeptRuns, owner: asyncpg.Connection
) -> None:
    tenant = TenantId(new_id())
    leases = [await finished(runs, LONG_AGO + timedelta(days=n), tenant) for n in range(4)]
    await _of_one_app(owner, leases)

    await sweep(kept, LONG_AGO, per_app=2)

    assert [await is_there(runs, lease) for lease in leases] == [False, False, True, True]


@pytest.mark.parametrize(
    ("said", "stay"),
    [
        (RunRetention(), [True, True, True, True]),
        (RunRetention(keep_days=2), [False, False, True, True]),
        (RunRetention(keep_runs=1), [False, False, False, True]),
        (RunRetention(keep_days=3, keep_runs=9), [False, True, True, True]),
    ],
)
async def test_an_app_may_have_less_kept(
    runs: Runs,
    kept: PostgresKeptRuns,
    owner: asyncpg.Connection,
    engine: AsyncEngine,
    said: RunRetention,
    stay: list[bool],
) -> None:
    tenant = TenantId(new_id())
    leases = [await finished(runs, LONG_AGO + timedelta(days=n), tenant) for n in range(4)]
    app_id = await _of_one_app(owner, leases)
    async with SqlUnitOfWork(engine, tenant) as work:
        await work.run_retentions.keep(app_id, RunRetention(keep_days=1))
        await work.run_retentions.keep(app_id, said)
        assert await work.run_retentions.of(app_id) == said
        assert await work.run_retentions.of(AppId(new_id())) == RunRetention()
        await work.commit()

    await sweep(kept, LONG_AGO + timedelta(days=3, hours=1), per_app=4)

    assert [await is_there(runs, lease) for lease in leases] == stay


async def test_a_week_goes_at_once_when_nothing_in_it_is_kept(
    runs: Runs, kept: PostgresKeptRuns, owner: asyncpg.Connection
) -> None:
    weeks = [datetime(2002, 1, 7, tzinfo=UTC), datetime(2002, 1, 14, tzinfo=UTC)]
    for begin in weeks:
        first, end = first_id_of(begin), first_id_of(begin + timedelta(weeks=1))
        await owner.execute(
            f"CREATE TABLE workflow_run_events_{begin:%Y%m%d} PARTITION OF workflow_run_events "
            f"FOR VALUES FROM ('{first}') TO ('{end}')"
        )
    gone = await finished(runs, weeks[0] + timedelta(days=1))
    waiting = await runs.born(run_id=id_at(weeks[1] + timedelta(days=1)))

    await sweep(kept, weeks[1] + timedelta(days=60), age=timedelta(days=5))

    assert not await is_there(runs, gone)
    assert await is_there(runs, waiting)
    found = [await owner.fetchval("SELECT to_regclass($1)", _name(begin)) for begin in weeks]
    assert [each is None for each in found] == [True, False]
    await runs.journal.finish(replace(ending(waiting, 3), at=weeks[1]))
    await sweep(kept, weeks[1] + timedelta(days=60), age=timedelta(days=5))
    assert await owner.fetchval("SELECT to_regclass($1)", _name(weeks[1])) is None


async def test_without_the_owners_login_nothing_is_dropped(system_pool: asyncpg.Pool) -> None:
    blind = PostgresKeptRuns(system_pool, None)

    assert await blind.drop_partitions(ended_before=LONG_AGO) == 0


def _name(begin: datetime) -> str:
    return f"workflow_run_events_{begin:%Y%m%d}"


async def _of_one_app(owner: asyncpg.Connection, leases: list[Lease]) -> AppId:
    app_id = AppId(new_id())
    await owner.execute("ALTER TABLE workflow_runs NO FORCE ROW LEVEL SECURITY")
    await owner.execute(
        "UPDATE workflow_runs SET app_id = $1 WHERE run_id = ANY($2::uuid[])",
        app_id,
        [lease.run_id for lease in leases],
    )
    await owner.execute("ALTER TABLE workflow_runs FORCE ROW LEVEL SECURITY")
    return app_id
