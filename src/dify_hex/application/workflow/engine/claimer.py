"""Takes on the runs that nobody owns: new background runs, and those whose owner died."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.faults import FaultReporter
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.ports import RunLeases, RunSignals
from dify_hex.application.workflow.records import Lease
from dify_hex.domain.shared.errors import Unavailable

#: Seconds between two looks at the queue when no wake-up comes.
LOOK_EVERY = 1.0
_BATCH = 20


class RunClaimer:
    """The worker's loop: `workflow_runs` is the queue, signals only make it quicker."""

    def __init__(
        self, *, host: RunHost, leases: RunLeases, signals: RunSignals, faults: FaultReporter
    ) -> None:
        self._host = host
        self._leases = leases
        self._signals = signals
        self._faults = faults

    async def claim_forever(self) -> None:
        """Claim whenever there may be something, for as long as the process lives."""
        while True:
            if not await self.claim_once():
                await self._signals.wait_for_runs(LOOK_EVERY)

    async def claim_once(self) -> bool:
        """Take as many due runs as there is room for; whether there may be more."""
        places = min(_BATCH, self._host.free_places)
        if places == 0:
            await asyncio.sleep(LOOK_EVERY)
            return False
        try:
            claimed = await self._leases.claim_due(self._host.owner, limit=places)
        except Unavailable:
            await asyncio.sleep(LOOK_EVERY)
            return False
        out_of_reach: list[Lease] = []
        for run in claimed:
            try:
                await self._host.adopt(run)
            except StorageUnavailable:
                out_of_reach.append(run.lease)
            except Exception as error:  # noqa: BLE001 - one that cannot be read stops no other
                # Its lease runs out by itself; the next claim tries again.
                self._faults.report(error, where="claim", run_id=str(run.lease.run_id))
        if out_of_reach:
            await self._give_back(out_of_reach)
        return len(claimed) == places

    async def _give_back(self, leases: Sequence[Lease]) -> None:
        """Leave runs for later whose large values are away; it is not counted against them."""
        await asyncio.sleep(LOOK_EVERY)
        with suppress(Unavailable):
            await self._leases.release(leases)
