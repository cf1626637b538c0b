"""Keeps the leases of this process alive, and hears what others want of its runs."""

import asyncio
from collections.abc import Mapping, Sequence

from dify_hex.application.workflow.engine.commands import Command, Expire, Pause, Resume, Stop
from dify_hex.application.workflow.engine.form_answers import FormAnswers
from dify_hex.application.workflow.engine.run_host import HostedRun, RunHost
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

_COMMANDS: Mapping[DesiredState, Command] = {
    DesiredState.RUN: Resume(),
    DesiredState.PAUSE: Pause("requested"),
    DesiredState.STOP: Stop("requested"),
    DesiredState.EXPIRE: Expire(),
}


class LeaseKeeper:
    """Renews all leases of the process in one statement, and acts on what it answers.

    A run that is missing in the answer has another owner and is broken off. The desired state of
    the others comes back with the renewal, and whether anything has come in for them, so a wake-up
    that got lost costs two seconds at most.
    """

    def __init__(
        self, *, host: RunHost, leases: RunLeases, signals: RunSignals, answers: FormAnswers
    ) -> None:
        self._answers = answers
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
            renewed = states.get(lease.run_id)
            if renewed is None:
                self._host.lose(lease)
            elif (hosted := self._host.find(lease)) is not None:
                self._obey(hosted, renewed.desired_state)
                if renewed.inbox > hosted.inbox:
                    await self._fetch(hosted, renewed.inbox)

    @staticmethod
    def _obey(hosted: HostedRun, desired: DesiredState) -> None:
        """Pass on what is desired, when it is something else than before."""
        if desired is hosted.desired_state:
            return
        hosted.desired_state = desired
        hosted.scheduler.post(_COMMANDS[desired])

    async def _fetch(self, hosted: HostedRun, inbox: int) -> None:
        """Bring the run what has come in; a database that is away is asked again next time."""
        try:
            answers = await self._answers.of_run(hosted.lease.tenant_id, hosted.lease.run_id)
        except Unavailable:
            return
        hosted.inbox = inbox
        for answer in answers:
            hosted.scheduler.post(answer)
