"""A worker whose jobs never end, for tests that kill it."""

import asyncio
import os
import sys

from dify_hex.application.shared.jobs import RunningJob
from dify_hex.domain.shared.values.json_value import JsonObject
from tests.builders.job_stand import job_stand
from tests.fakes.kept_jobs import DoneJobs
from tests.fakes.servers import RunningServers


async def never_end(_job: RunningJob) -> JsonObject:
    """Say that it has begun, and stay."""
    say("begun")
    await asyncio.Event().wait()
    return {}


async def work() -> None:
    """Work until killed, on the servers that the environment names."""
    servers = RunningServers(
        database_url=os.environ["DATABASE_URL"],
        admin_url=os.environ["DATABASE_ADMIN_URL"],
        system_url=os.environ["DATABASE_SYSTEM_URL"],
        redis_url=os.environ["REDIS_URL"],
        superuser_url=None,
    )
    async with job_stand(servers, DoneJobs(never_end), owner="endless") as stand, stand.working():
        say("ready")
        await asyncio.Event().wait()


def say(word: str) -> None:
    """One line for the test that watches."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(work())
