"""A worker for the benchmark of background jobs, in a process of its own; ARQ's own beside it."""

import asyncio
import os
import sys
import time
from typing import Any, ClassVar

import uvloop
from arq.connections import RedisSettings
from arq.worker import Worker, func

from dify_hex.application.shared.jobs import JobHandler, RunningJob
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.queue import JobQueue
from tests.builders.job_stand import job_stand
from tests.fakes.servers import RunningServers

KIND = "say_when"
#: What a worker has by default.
PLACES = {JobQueue.CRITICAL: 8, JobQueue.HIGH: 8, JobQueue.NORMAL: 4, JobQueue.LOW: 2}
READY = "ready\n"


class SayWhen(JobHandler):
    """Says when it began, by the clock that all processes of a machine share."""

    kind: ClassVar[str] = KIND

    async def run(self, job: RunningJob) -> JsonObject:
        """Be done at once."""
        return {"at": time.monotonic(), "attempt": job.attempt}


async def work() -> None:
    """Our worker, on the servers that the environment names."""
    servers = RunningServers(
        database_url=os.environ["DATABASE_URL"],
        admin_url=os.environ["DATABASE_ADMIN_URL"],
        system_url=os.environ["DATABASE_SYSTEM_URL"],
        redis_url=os.environ["REDIS_URL"],
        superuser_url=None,
    )
    async with job_stand(servers, SayWhen(), places=PLACES) as stand, stand.working(every=1.0):
        say_ready()
        await asyncio.Event().wait()


async def work_plainly() -> None:
    """ARQ's worker as it is when nothing is set."""
    settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    worker = Worker(functions=[func(say_when, name=KIND)], redis_settings=settings)
    running = asyncio.create_task(worker.async_run())
    await asyncio.sleep(0.5)
    say_ready()
    await running


async def say_when(ctx: dict[Any, Any], *_: Any, **__: Any) -> float:
    """When it began."""
    began: float = ctx.setdefault("began", time.monotonic())
    return began


def say_ready() -> None:
    """Tell whoever started this."""
    sys.stdout.write(READY)
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(work_plainly() if "--plain" in sys.argv else work())
