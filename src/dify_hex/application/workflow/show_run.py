"""Looking at a run, and at the large values that it names."""

from dataclasses import replace

from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.read_models import RunDetail
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId


class ShowRun:
    """Tells where a run stands, what it began with and what it came to.

    - Values that are kept elsewhere are put in their places, up to 16 MB of each of the two;
      beyond that, and once they are gone, references stand there.
    """

    def __init__(self, *, runs: RunReader, values: RunValues) -> None:
        self._runs = runs
        self._values = values

    async def execute(self, actor: Actor, run_id: WorkflowRunId) -> RunDetail:
        """The run.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
            StorageUnavailable: the storage of large values is away.
        """
        run = await self._runs.get_run(actor.tenant_id, run_id)
        actor.require_app(run.app_id, Permission.RUN_READ)
        return replace(
            run,
            outputs=await self._values.shown(actor.tenant_id, run_id, run.outputs),
            inputs=await self._values.shown(actor.tenant_id, run_id, run.inputs),
        )


class ReadRunValue:
    """Gives a large value that events, nodes or outputs of a run name.

    - Whoever may read the run may read its values.
    """

    def __init__(self, *, runs: RunReader, values: RunValues) -> None:
        self._runs = runs
        self._values = values

    async def execute(self, actor: Actor, run_id: WorkflowRunId, digest: str) -> bytes:
        """The value with this SHA-256, as JSON.

        Raises:
            WorkflowRunNotFound: there is no such run for this tenant.
            RunValueMissing: the run has no such value, or it is not what was kept.
            StorageUnavailable: the storage of large values is away.
        """
        run = await self._runs.get_run(actor.tenant_id, run_id)
        actor.require_app(run.app_id, Permission.RUN_READ)
        return await self._values.content(actor.tenant_id, run_id, digest)
