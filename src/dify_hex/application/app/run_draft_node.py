"""Running one node of a draft."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dify_hex.application.app.draft_values import DraftValue
from dify_hex.application.app.node_trials import NodeTrial, NodeTrials, TrialCommand, TrialWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.engine.detached_runs import DetachedRuns
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.engine.run_result import RunResult
from dify_hex.application.workflow.ports import RunEventCodec
from dify_hex.application.workflow.records import StreamEntry
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId, NodeId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.frame import ROOT
from dify_hex.domain.workflow.node_events import NodeFailed, NodeSucceeded
from dify_hex.domain.workflow.node_run import Printed, RunError
from dify_hex.domain.workflow.node_values import UsedValue
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.domain.workflow.variables.masking import MASK, masked

_ENDINGS = frozenset({NodeSucceeded.type, NodeFailed.type})


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRunResult:
    """What came of a node that was run by itself, and the values that it used.

    The status is `paused` when the node waits for somebody to fill a form.
    """

    node_id: NodeId
    status: RunStatus
    outputs: JsonObject
    printed: Printed | None
    error: RunError | None
    usage: Usage
    elapsed: timedelta
    values: Sequence[UsedValue] = field(default_factory=tuple)


class RunDraftNode:
    """Runs one node of a draft by itself, a container with everything inside of it.

    - Other parts of the draft may be unfinished; only the node's own faults refuse it.
    - What it needs is given, or what the nodes before it have put out last.
    - Nothing of it is in any journal; what the node puts out is remembered for those after it.
    - It takes a place among the runs of this process, and ends when its caller goes away.
    - Secrets are masked in what is shown and remembered.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[TrialWork],
        trials: NodeTrials,
        runs: DetachedRuns,
        events: RunEventCodec,
        host: RunHost,
    ) -> None:
        self._begin = begin
        self._trials = trials
        self._runs = runs
        self._events = events
        self._host = host

    async def execute(self, actor: Actor, command: TrialCommand) -> NodeRunResult:
        """Run the node to its end; one that fails is a result, too.

        Raises:
            AppNotFound, AppIsArchived: there is no such app, or it is out of use.
            AppHasNoGraph: nobody has drawn one.
            DraftNodeNotFound: the draft has no such node.
            AppConfigurationInvalid: the node has faults.
            RunInputsInvalid: the inputs do not fit the start of the draft.
            NodeValuesInvalid: values are missing, of a wrong type, or not needed.
            RunsFull: this process carries as many runs as it may.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        actor.require(Permission.APP_RUN)
        with self._host.reserve():
            async with self._begin(actor.tenant_id) as work:
                trial = await self._trials.prepare(actor, command, work)
            ending = _Ending(self._events)
            result = await self._runs.execute(
                actor.tenant_id, trial.graph, trial.facts, ending.take
            )
        shown = _shown(command.node_id, trial, ending, result)
        if ending.has_outputs:
            await self._remember(actor, command.app_id, shown, result.at)
        return shown

    async def _remember(
        self, actor: Actor, app_id: AppId, shown: NodeRunResult, at: datetime
    ) -> None:
        async with self._begin(actor.tenant_id) as work:
            value = DraftValue(node_id=shown.node_id, outputs=shown.outputs, at=at)
            await work.draft_values.keep(app_id, value)
            await work.commit()


class _Ending:
    """How the only node outside of containers came out."""

    def __init__(self, events: RunEventCodec) -> None:
        self._events = events
        self.outputs: JsonObject = {}
        self.printed: Printed | None = None
        self.error: RunError | None = None
        self.has_outputs = False

    def take(self, entry: StreamEntry) -> None:
        if entry.type not in _ENDINGS:
            return
        event = self._events.decode(entry.type, entry.data)
        match event:
            case NodeSucceeded(frame=frame) if frame == ROOT:
                self.outputs, self.error, self.has_outputs = event.outputs, None, True
                self.printed = event.printed
            case NodeFailed(frame=frame) if frame == ROOT:
                self.outputs, self.error = event.outputs, event.error
                self.has_outputs = event.handled
            case _:
                pass


def _shown(node_id: NodeId, trial: NodeTrial, ending: _Ending, result: RunResult) -> NodeRunResult:
    secrets = {str(used.value) for used in trial.used if used.secret and used.value}
    outputs = {name: masked(value, secrets) for name, value in ending.outputs.items()}
    return NodeRunResult(
        node_id=node_id,
        status=result.status,
        outputs=outputs,
        printed=_masked(ending.printed, secrets),
        error=result.error or ending.error,
        usage=result.usage,
        elapsed=result.at - trial.facts.at,
        values=tuple(_covered(used) for used in trial.used),
    )


def _masked(printed: Printed | None, secrets: Collection[str]) -> Printed | None:
    if printed is None:
        return None
    stdout, stderr = (str(masked(text, secrets)) for text in (printed.stdout, printed.stderr))
    return Printed(stdout, stderr)


def _covered(used: UsedValue) -> UsedValue:
    if not used.secret:
        return used
    return UsedValue(selector=used.selector, value=MASK, origin=used.origin, secret=True)
