"""Lets a paused run go on."""

from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.engine.commands import Resume
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.ports import RunControl, RunSignals
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.errors import RunTransitionRefused
from dify_hex.domain.workflow.statuses import RunStatus


class ResumeRun:
    """Takes a pause back.

    - A paused run is taken on by a worker, and asks for readers no longer.
    - One that was only asked to pause, and has not come to it, just goes on.
    - What waits for a form goes on to wait.
    - A run that has ended cannot be resumed.
    """

    def __init__(self, *, control: RunControl, signals: RunSignals, host: RunHost) -> None:
        self._control = control
        self._signals = signals
        self._host = host

    async def execute(self, actor: Actor, run_id: WorkflowRunId) -> None:
        """Let the run go on; a worker begins within a second.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
            RunTransitionRefused: it has ended.
        """
        actor.require(Permission.RUN_CONTROL)
        before = await self._control.resume(actor.tenant_id, run_id)
        if before.is_final:
            raise RunTransitionRefused(status=before.value)
        if before is RunStatus.PAUSED:
            await self._signals.runs_waiting()
        elif not self._host.post(run_id, Resume()):
            await self._signals.run_changed(run_id)
