"""Keeps the leases of this process alive, and hears what others want of its runs."""

import asyncio
from collections.abc import Sequence

from dify_hex.application.workflow.engine.commands import Pause, Stop
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.ports import (
    RunLeases,
    RunSignals,
)
from dify_hex.application.workflow.records import (
    Lease,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.workflow.statuses import DesiredState

#: Seconds between two renewals; a lease lasts three of them.
RENEW_EVERY = 2.0


class LeaseKeeper:
    """Renews all leases of the process in one statement, and acts on what it answers.

    A run that is missing in the answer has another owner and is broken off. The desired state of
    the others comes back with the renewal, so a wake-up that got lost costs two seconds at most.
    """

    def __init__(self, *, host: RunHost, leases: RunLeases, signals: RunSignals) -> None:
        self._host = host
        self._leases = leases
        self._signals = signals

    async def keep(self) -> None:
        """Renew for as long as the process lives."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            await self.renew([hosted.lease for hosted in self._host.runs])

    async def listen(self) -> None:
        """Look at a run at once when somebody says that it was changed."""
        async for run_id in self._signals.changes():
            await self.renew(
                [hosted.lease for hosted in self._host.runs if hosted.lease.run_id == run_id]
            )

    async def renew(self, leases: Sequence[Lease]) -> None:
        """Prolong these leases once; a database that is away changes nothing."""
        if not leases:
            return
        try:
            states = await self._leases.renew(leases)
        except Unavailable:
            return
        for lease in leases:
            match states.get(lease.run_id):
                case None:
                    self._host.lose(lease)
                case DesiredState.STOP:
                    self._host.post(lease.run_id, Stop("requested"))
                case DesiredState.PAUSE:
                    self._host.post(lease.run_id, Pause("requested"))
                case DesiredState.RUN:
                    continue
