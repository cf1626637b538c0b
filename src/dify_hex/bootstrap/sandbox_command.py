"""`dify-hex sandbox`: runs the code of tenants behind walls, until told to stop."""

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from dify_hex.adapters.sandbox.service.assembly import serve
from dify_hex.adapters.sandbox.service.options import SandboxOptions
from dify_hex.bootstrap.sandbox_options import sandbox_options
from dify_hex.bootstrap.up_options import BadOption

_EPILOG = "Everything is set by environment variables; docs/guides/sandbox.md lists them."


class _JsonLines(logging.Formatter):
    """Lines as the other processes write them, without what they load for it."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; 1 when the environment does not say what is needed."""
    parser = argparse.ArgumentParser(prog="dify-hex sandbox", description=__doc__, epilog=_EPILOG)
    parser.parse_args(arguments)
    try:
        options = sandbox_options(os.environ)
    except BadOption as error:
        sys.stderr.write(f"dify-hex sandbox: {error}\n")
        return 1
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(_JsonLines())
    logging.basicConfig(level=os.environ.get("DIFY_HEX_LOG_LEVEL") or "INFO", handlers=[lines])
    asyncio.run(_serve(options))
    return 0


async def _serve(options: SandboxOptions) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    gc.freeze()
    await serve(options, told_to_stop)
