"""Seeing to what has become due: forms that nobody answered, runs that nobody came back to."""

from dify_hex.application.workflow.form_ports import RunTimers
from dify_hex.application.workflow.ports import RunSignals

BATCH = 200


class SweepTimers:
    """Ends waits whose time is up, of all tenants.

    - A form's node takes the branch of the timeout; a paused run expires.
    - Whatever was quicker counts: a timer that comes late changes nothing.
    - It works in batches of bounded size; several processes share the work.
    """

    def __init__(self, *, timers: RunTimers, signals: RunSignals) -> None:
        self._timers = timers
        self._signals = signals

    async def execute(self) -> int:
        """See to all that is due; how many runs were told.

        Raises:
            Unavailable: the database is away; the rest is due the next time.
        """
        told = 0
        for expire in (self._timers.expire_forms, self._timers.expire_runs):
            while found := await expire(limit=BATCH):
                told += len(found)
                if any(run.is_due for run in found):
                    await self._signals.runs_waiting()
                for run in found:
                    if not run.is_due:
                        await self._signals.run_changed(run.run_id)
                if len(found) < BATCH:
                    break
        return told
