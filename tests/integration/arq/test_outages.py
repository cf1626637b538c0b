"""While Redis or the database is away nothing is lost, and afterwards everything is done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

from dify_hex.application.shared.jobs import JobRequest, RunningJob
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.status import TaskStatus
from tests.builders.job_stand import JobStand, eventually, job_stand
from tests.fakes.cuttable_proxy import Address, CuttableProxy
from tests.fakes.kept_jobs import KIND, DoneJobs
from tests.fakes.servers import RunningServers

PATIENCE = 40.0


def address_of(url: str) -> Address:
    """Where the server of a URL really is."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return Path(parts.path)
    if folder := parse_qs(parts.query).get("host"):
        return Path(folder[0]) / ".s.PGSQL.5432"
    return parts.hostname or "127.0.0.1", parts.port or 6379


def at(url: str, port: int) -> str:
    """The same server and login, at another port of this machine."""
    parts = urlsplit(url)
    login = f"{parts.username or ''}:{parts.password}@" if parts.password else ""
    scheme = "redis" if parts.scheme == "unix" else parts.scheme
    path = "/0" if scheme == "redis" else parts.path
    return urlunsplit((scheme, f"{login}127.0.0.1:{port}", path, "", ""))


@asynccontextmanager
async def behind_a_proxy(
    database: RunningServers, handler: DoneJobs
) -> AsyncIterator[tuple[JobStand, CuttableProxy]]:
    """Jobs whose way to Redis can be cut."""
    async with CuttableProxy(address_of(database.redis_url)) as proxy:
        servers = replace(database, redis_url=at(database.redis_url, proxy.port))
        async with job_stand(servers, handler) as stand, stand.working():
            yield stand, proxy


async def test_what_is_asked_for_without_redis_is_done_when_it_is_back(
    database: RunningServers, tenant_id: TenantId
) -> None:
    handler = DoneJobs()
    async with behind_a_proxy(database, handler) as (stand, proxy):
        await proxy.cut()
        ids = await stand.enqueue(tenant_id, *[JobRequest(kind=KIND) for _ in range(5)])
        await asyncio.sleep(1)
        done_meanwhile = len(handler.done)
        await proxy.restore()
        done = [await stand.finished(tenant_id, each, within=PATIENCE) for each in ids]

    assert done_meanwhile == 0
    assert {task.status for task in done} == {TaskStatus.SUCCESS}
    assert len(handler.done) == 5


async def test_jobs_under_way_do_not_notice_that_redis_is_away(
    database: RunningServers, tenant_id: TenantId
) -> None:
    ends = asyncio.Event()

    async def deed(_job: RunningJob) -> JsonObject:
        await ends.wait()
        return {"done": "without Redis"}

    handler = DoneJobs(deed)
    async with behind_a_proxy(database, handler) as (stand, proxy):
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        await eventually(handler.has_begun(1))
        await proxy.cut()
        ends.set()
        task = await stand.finished(tenant_id, task_id, within=PATIENCE)
        await proxy.restore()
        [later] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        await stand.finished(tenant_id, later, within=PATIENCE)

    assert (task.result, task.attempts) == ({"done": "without Redis"}, 1)
    assert len(handler.done) == 2


async def test_the_end_of_a_job_waits_for_the_database(
    database: RunningServers, tenant_id: TenantId
) -> None:
    ends = asyncio.Event()

    async def deed(_job: RunningJob) -> JsonObject:
        await ends.wait()
        return {"done": "before the database was back"}

    handler = DoneJobs(deed)
    async with CuttableProxy(address_of(database.database_url)) as proxy:
        servers = replace(
            database,
            database_url=at(database.database_url, proxy.port),
            system_url=at(database.system_url, proxy.port),
        )
        async with job_stand(servers, handler) as stand, stand.working():
            [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
            await eventually(handler.has_begun(1))
            await proxy.cut()
            ends.set()
            await asyncio.sleep(1.5)
            await proxy.restore()
            task = await stand.finished(tenant_id, task_id, within=PATIENCE)

    assert (task.status, task.attempts) == (TaskStatus.SUCCESS, 1)
    assert len(handler.begun) == 1
