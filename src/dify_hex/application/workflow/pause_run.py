"""Lets a run wait until somebody resumes it."""

from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.engine.commands import Pause
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.ports import RunControl, RunSignals
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import RunTransitionRefused
from dify_hex.domain.workflow.statuses import DesiredState


class PauseRun:
    """Asks a run to pause.

    - It is paused once nothing in it is under way; until then it goes on to run.
    - A run that waits for a form already goes on only when it is resumed, answered or not.
    - What was paused and never resumed expires.
    - A run that has ended cannot be paused.
    """

    def __init__(self, *, control: RunControl, signals: RunSignals, host: RunHost) -> None:
        self._control = control
        self._signals = signals
        self._host = host

    async def execute(self, actor: Actor, run_id: WorkflowRunId) -> None:
        """Ask for the pause; the run is still under way when this returns.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
            RunTransitionRefused: it has ended.
        """
        actor.require(Permission.RUN_CONTROL)
        status = await self._control.desire(actor.tenant_id, run_id, DesiredState.PAUSE)
        if status.is_final:
            raise RunTransitionRefused(status=status.value)
        if not self._host.post(run_id, Pause("requested")):
            await self._signals.run_changed(run_id)
