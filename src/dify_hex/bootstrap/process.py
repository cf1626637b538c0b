"""What every process of ours does to its machine's settings before it works."""

import asyncio
import gc
import resource
from collections.abc import Coroutine

import uvloop

#: The collector runs after so many new containers; the default is made for scripts.
_GC_THRESHOLDS = (20_000, 25, 50)


def raise_file_limit() -> int:
    """Allow as many open files as the system lets us: every stream is one. Returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def settle_memory() -> None:
    """Take everything loaded so far out of the collector's sight, as it stays until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def run_process(main: Coroutine[None, None, None]) -> None:
    """Run the process's main coroutine on uvloop."""
    raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
