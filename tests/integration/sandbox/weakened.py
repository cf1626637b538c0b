"""A sandbox service with walls left out: `python -m tests.integration.sandbox.weakened`."""

import asyncio
import signal
import sys
from pathlib import Path

from dify_hex.adapters.sandbox.service.assembly import serve
from dify_hex.adapters.sandbox.service.options import ProfileSource, SandboxOptions
from dify_hex.adapters.sandbox.service.standing import MINIMUM


async def main(folder: Path, without: tuple[str, ...], accepted: tuple[str, ...]) -> None:
    """Serve until told to stop."""
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    options = SandboxOptions(
        path=folder / "sandbox.sock",
        profiles={"python": ProfileSource()},
        scratch=folder / "scratch",
        running=8,
        waiting=100,
        most_seconds=60,
        most_memory_bytes=1 << 30,
        most_output_bytes=64 << 20,
        most_input_bytes=64 << 20,
        without=without,
        accepted=accepted,
    )
    await serve(options, told_to_stop)


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), tuple(sys.argv[2].split(",")), () if sys.argv[3:] else MINIMUM)
    )
