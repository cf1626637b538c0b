"""Stops a run, wherever it is."""

from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.engine.commands import Stop
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.ports import RunControl, RunLeases, RunSignals
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus


class StopRun:
    """Ends a run before its time.

    - Stopping a run that has ended changes nothing.
    - A running one is stopped by its owner, within a second, or two when the wake-up gets lost.
    - A paused one has no owner and is stopped right here.
    """

    def __init__(
        self, *, control: RunControl, leases: RunLeases, signals: RunSignals, host: RunHost
    ) -> None:
        self._control = control
        self._leases = leases
        self._signals = signals
        self._host = host

    async def execute(self, actor: Actor, run_id: WorkflowRunId) -> None:
        """Ask for the end of the run; it has not ended yet when this returns.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """
        actor.require(Permission.APP_RUN)
        await self.stop(actor.tenant_id, run_id)

    async def stop(self, tenant_id: TenantId, run_id: WorkflowRunId) -> None:
        """Ask for the end of a run that nobody wants any more, whoever has seen to that.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """
        status = await self._control.desire(tenant_id, run_id, DesiredState.STOP)
        if status.is_final:
            return
        if self._host.post(run_id, Stop("requested")):
            return
        if status is RunStatus.PAUSED:
            claimed = await self._leases.take_paused(tenant_id, run_id, self._host.owner)
            if claimed is not None:
                await self._host.adopt(claimed)
            return
        await self._signals.run_changed(run_id)
