"""`dify-hex up`: parts, migrations, API and worker as one tree of processes, kept running."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.bootstrap.service_process import COMMANDS, Command
from dify_hex.bootstrap.up_options import BadOption, UpOptions
from dify_hex.bootstrap.up_screen import Screen
from dify_hex.bootstrap.up_tree import ProcessTree, StartFailed

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop, and return the exit status."""
    parser = argparse.ArgumentParser(prog="dify-hex up", description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show everything the parts say")
    return run_up(verbose=parser.parse_args(arguments).verbose)


def run_up(*, verbose: bool = False, commands: Mapping[str, Command] = COMMANDS) -> int:
    """The same for a caller that has read the command line: 0 once stopped, 1 if nothing runs."""
    screen = Screen(out=sys.stdout, verbose=verbose)
    try:
        options = UpOptions.of(os.environ)
    except BadOption as error:
        screen.failed(str(error), [])
        return 1
    return asyncio.run(_run(options, screen, commands))


async def _run(options: UpOptions, screen: Screen, commands: Mapping[str, Command]) -> int:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, told_to_stop.set)
    screen.opening(version("dify-hex"), options.home)
    tree: ProcessTree | None = None
    try:
        tree = ProcessTree(options, screen, commands)
        await _start_or_stop(tree, told_to_stop)
        await told_to_stop.wait()
    except StartFailed as error:
        screen.failed(str(error), error.lines)
        return 1
    except EmbeddedPartFailed as error:
        screen.failed(str(error), [])
        return 1
    finally:
        if tree is not None:
            screen.stopping()
            await tree.stop()
            screen.stopped()
    return 0


async def _start_or_stop(tree: ProcessTree, told_to_stop: asyncio.Event) -> None:
    """Start everything, unless told to stop meanwhile."""
    starting = asyncio.create_task(tree.start())
    waiting = asyncio.create_task(told_to_stop.wait())
    await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if starting.done():
        starting.result()
        return
    starting.cancel()
    await asyncio.wait([starting])


if __name__ == "__main__":
    sys.exit(main())
