"""The journal's partitions on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.adapters.persistence.workflow.partition_keeper import JournalPartitions
from dify_hex.adapters.persistence.workflow.partitions import first_id_of
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import WorkflowRunId
from tests.builders.engine import StillClock
from tests.builders.stored_runs import Runs, seqs
from tests.fakes.servers import RunningServers

_RANDOM_BITS = (1 << 80) - 1


async def home_of(runs: Runs, pool: asyncpg.Pool, moment: datetime) -> str:
    """The partition that keeps a run of that time."""
    begin = first_id_of(moment).int
    lease = await runs.born(run_id=WorkflowRunId(UUID(int=begin | new_id().int & _RANDOM_BITS)))
    assert await seqs(runs, lease) == [1, 2]
    async with tenant_connection(pool, lease.tenant_id) as connection:
        return str(
            await connection.fetchval(
                "SELECT DISTINCT tableoid::regclass::text FROM workflow_run_events"
                " WHERE run_id = $1",
                lease.run_id,
            )
        )


async def test_a_run_is_kept_with_others_of_its_week(
    runs: Runs, pool: asyncpg.Pool, database: RunningServers
) -> None:
    thursday = datetime(2031, 5, 8, tzinfo=UTC)
    partitions = JournalPartitions(database.admin_url, StillClock(thursday))

    await partitions.make_ahead()
    await partitions.make_ahead()

    assert await home_of(runs, pool, thursday) == "workflow_run_events_20310505"


async def test_a_run_of_a_time_without_a_partition_is_kept_as_well(
    runs: Runs, pool: asyncpg.Pool
) -> None:
    assert await home_of(runs, pool, datetime(2001, 1, 1, tzinfo=UTC)) == (
        "workflow_run_events_default"
    )


async def test_a_week_that_had_no_partition_in_time_hinders_no_other(
    runs: Runs, pool: asyncpg.Pool, database: RunningServers
) -> None:
    late = datetime(2041, 5, 8, tzinfo=UTC)
    assert await home_of(runs, pool, late) == "workflow_run_events_default"

    await JournalPartitions(database.admin_url, StillClock(late)).make_ahead()

    assert await home_of(runs, pool, late) == "workflow_run_events_default"
    week_after = late + timedelta(weeks=1)
    assert await home_of(runs, pool, week_after) == "workflow_run_events_20410513"


async def test_without_the_owners_login_none_is_made(runs: Runs, pool: asyncpg.Pool) -> None:
    far = datetime(2051, 5, 8, tzinfo=UTC)

    await JournalPartitions(None, StillClock(far)).make_ahead()

    assert await home_of(runs, pool, far) == "workflow_run_events_default"
