"""Stops foreground runs that everybody has left."""

import asyncio

from dify_hex.application.workflow.engine.commands import Stop
from dify_hex.application.workflow.engine.run_host import HostedRun, RunHost
from dify_hex.application.workflow.ports import RunEventStream

#: Seconds between two looks.
LOOK_EVERY = 0.5
#: A run is given this long to get its first reader, whatever its resume window.
FIRST_READER_GRACE = 5.0


class LeavingWatch:
    """Counts readers; a run without any for its resume window is stopped.

    Not knowing how many there are counts as none, because its readers will not notice either.
    """

    def __init__(self, *, host: RunHost, stream: RunEventStream) -> None:
        self._host = host
        self._stream = stream

    async def watch(self) -> None:
        """Look for as long as the process lives."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Stop what has been left for too long."""
        foreground = [hosted for hosted in self._host.runs if not hosted.background]
        if not foreground:
            return
        readers = await self._stream.readers([hosted.lease.run_id for hosted in foreground])
        now = asyncio.get_running_loop().time()
        for hosted in foreground:
            if hosted.waiting or readers.get(hosted.lease.run_id):
                hosted.followed_at = now
                hosted.was_followed = True
            elif now - hosted.followed_at >= _patience(hosted):
                self._host.post(hosted.lease.run_id, Stop("readers_left"))


def _patience(hosted: HostedRun) -> float:
    window = hosted.resume_window.total_seconds()
    return window if hosted.was_followed else max(window, FIRST_READER_GRACE)
