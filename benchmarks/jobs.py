"""How long background jobs wait: on an idle system, and beside a flood; how many are done."""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop
from arq.connections import RedisSettings, create_pool

from benchmarks.database import database
from benchmarks.figures import Figure, Report, percentile, run_alone
from benchmarks.job_worker import KIND, READY
from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.valkey import ValkeyServer
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.task.queue import JobQueue
from tests.builders.job_stand import JobStand, job_stand
from tests.fakes.servers import RunningServers

_FLOOD = 5_000
_IN_ONE_TRANSACTION = 500
#: Seconds between two jobs at the most, by chance, so that they fall anywhere between two looks.
_LONGEST_PAUSE = 0.5
_BESIDE_PAUSE = 0.1
_LEFT = "SELECT count(*) FROM tasks WHERE tenant_id = $1 AND finished_at IS NULL"


def measure(options: argparse.Namespace) -> Report:
    """Our worker and ARQ's own, one after the other, on the same servers."""
    samples = 40 if options.quick else 300
    with _servers() as servers:
        with _worker(servers):
            idle, beside, seconds = uvloop.run(_ours(servers, samples))
        with _worker(servers, "--plain"):
            plain = uvloop.run(_plain(servers.redis_url, samples))
    return Report(
        title="Background jobs, one worker, one client",
        figures=(
            Figure(
                name="idle: from commit to begin, p50",
                value=1000 * percentile(idle, 0.5),
                unit="ms",
                target=20,
                note=f"plain ARQ: {1000 * percentile(plain, 0.5):.0f} ms",
            ),
            Figure(
                name="idle: from commit to begin, p99",
                value=1000 * percentile(idle, 0.99),
                unit="ms",
                note=f"plain ARQ: {1000 * percentile(plain, 0.99):.0f} ms",
            ),
            Figure(
                name=f"a `high` job beside {_FLOOD:,} `low` ones, longest wait",
                value=1000 * max(beside),
                unit="ms",
                target=200,
                note=f"p50 {1000 * percentile(beside, 0.5):.1f} ms of {len(beside)} jobs; "
                f"load {os.getloadavg()[0]:.1f}",
            ),
            Figure(
                name="jobs of the flood that are done",
                value=_FLOOD / seconds,
                unit="/s",
                note="one after the other: of two places a tenant gets one",
            ),
        ),
    )


async def _ours(servers: RunningServers, samples: int) -> tuple[list[float], list[float], float]:
    tenant, other = TenantId(new_id()), TenantId(new_id())
    async with job_stand(servers) as stand, stand.announcing():
        await _waits(stand, other, JobQueue.NORMAL, 5)
        idle = await _waits(stand, other, JobQueue.NORMAL, samples)
        began = time.monotonic()
        low = [JobRequest(kind=KIND, queue=JobQueue.LOW)] * _IN_ONE_TRANSACTION
        for _ in range(_FLOOD // _IN_ONE_TRANSACTION):
            await stand.enqueue(tenant, *low)
        beside: list[float] = []
        while await stand.system_pool.fetchval(_LEFT, tenant):
            beside += await _waits(stand, other, JobQueue.HIGH, 1, longest_pause=_BESIDE_PAUSE)
        return idle, beside, time.monotonic() - began


async def _waits(
    stand: JobStand,
    tenant: TenantId,
    queue: JobQueue,
    number: int,
    longest_pause: float = _LONGEST_PAUSE,
) -> list[float]:
    """From a job's commit to its beginning, each one asked for when the last was done."""
    waited = []
    for _ in range(number):
        [task_id] = await stand.enqueue(tenant, JobRequest(kind=KIND, queue=queue))
        committed = time.monotonic()
        task = await stand.finished(tenant, task_id, within=60)
        assert task.result is not None
        began = task.result["at"]
        assert isinstance(began, float)
        waited.append(max(began - committed, 0.0))
        await asyncio.sleep(random.uniform(0, longest_pause))
    return waited


async def _plain(redis_url: str, samples: int) -> list[float]:
    pool = await create_pool(RedisSettings.from_dsn(redis_url))
    waited = []
    for _ in range(samples):
        asked = time.monotonic()
        job = await pool.enqueue_job(KIND)
        assert job is not None
        waited.append(await job.result(poll_delay=0.02) - asked)
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))
    await pool.aclose()
    return waited


@contextmanager
def _worker(servers: RunningServers, *options: str) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.job_worker", *options]
    environment = {**os.environ, **servers.variables()}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != READY:
                raise RuntimeError("the worker did not start")
            yield
        finally:
            process.kill()


@contextmanager
def _servers() -> Iterator[RunningServers]:
    with database() as place:
        folder = DataFolder.open(place.place)
        log = os.open(folder.logs / "valkey.log", os.O_WRONLY | os.O_CREAT, 0o600)
        valkey = ValkeyServer(folder, output=log)
        try:
            asyncio.run(valkey.start())
            yield RunningServers(
                database_url=place.urls.application,
                admin_url=place.urls.owner,
                system_url=place.urls.system,
                redis_url=valkey.url,
                superuser_url=None,
            )
        finally:
            asyncio.run(valkey.stop())
            os.close(log)


if __name__ == "__main__":
    run_alone(__doc__ or "", measure)
