"""Wake-ups within one process, for unit tests."""

import asyncio
from collections.abc import AsyncIterator

from dify_hex.application.workflow.ports import RunSignals
from dify_hex.domain.shared.ids import WorkflowRunId


class MemorySignals(RunSignals):
    """Remembers every wake-up; each is delivered once."""

    def __init__(self) -> None:
        self.changed: list[WorkflowRunId] = []
        #: How often workers were told that a run waits.
        self.told_workers = 0
        self._changes: asyncio.Queue[WorkflowRunId] = asyncio.Queue()
        self._waiting = asyncio.Event()

    async def run_changed(self, run_id: WorkflowRunId) -> None:
        self.changed.append(run_id)
        self._changes.put_nowait(run_id)

    async def runs_waiting(self) -> None:
        self.told_workers += 1
        self._waiting.set()

    async def changes(self) -> AsyncIterator[WorkflowRunId]:
        while True:
            yield await self._changes.get()

    async def wait_for_runs(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._waiting.wait()
        except TimeoutError:
            return
        self._waiting.clear()
