"""The worker process: it claims background runs and those whose owner died, and delivers events."""

import asyncio
import signal

from dify_hex.bootstrap.assembly import make_container, stop_jobs, stop_runs
from dify_hex.bootstrap.lifespan import run_loops, running, worker_loops
from dify_hex.bootstrap.logging import configure_logging, listen_for_level_signals
from dify_hex.bootstrap.process import run_process, settle_memory
from dify_hex.bootstrap.settings import Settings


def main() -> None:
    """Work until told to stop."""
    settings = Settings()
    configure_logging(settings.log.level, settings.log.format)
    listen_for_level_signals()
    run_process(work(settings))


async def work(settings: Settings) -> None:
    """Work until SIGTERM; then finish or release every run and every job."""
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    container = make_container(settings, "worker")
    async with running(container, [*run_loops(container), *worker_loops(container)]):
        settle_memory()
        await told_to_stop.wait()
        await asyncio.gather(stop_runs(container), stop_jobs(container))
