"""Checking a run against its own journal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.workflow.engine.attempts import context_of, told_error
from dify_hex.application.workflow.engine.run_surroundings import RunSurroundings
from dify_hex.application.workflow.node_executor import NodeExecutors
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.run_records import RunRecords
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import AppId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.replay import Replay
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.variables.masking import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    """An event as it is shown."""

    type: str
    node_id: str | None
    frame: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDifference:
    """Where journal and replay first part."""

    seq: int
    recorded: ToldEvent | None
    computed: ToldEvent | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay found: how many events it went through, and the first difference, if any."""

    events: int
    difference: ReplayDifference | None


class ReplayRun:
    """Computes everything in a run once more that follows by itself.

    - Nothing outside is called: what effects came to is read from the journal.
    - The graph is the one that the run began with, whatever was published since.
    - Secrets are those of today, as a run that is taken over reads them; none is told.
    - Only the first difference is told; what comes after it would differ anyway.
    - A run that is still under way is replayed as far as it has come.
    """

    def __init__(
        self,
        *,
        records: RunRecords,
        runs: RunReader,
        nodes: NodeExecutors,
        clock: Clock,
        surroundings: RunSurroundings,
    ) -> None:
        self._surroundings = surroundings
        self._records = records
        self._runs = runs
        self._nodes = nodes
        self._clock = clock

    async def execute(self, actor: Actor, run_id: WorkflowRunId) -> Replayed:
        """Replay the run.

        Raises:
            WorkflowRunNotFound: there is none for this tenant, or its journal is gone.
        """
        shown = await self._runs.get_run(actor.tenant_id, run_id)
        actor.require_app(shown.app_id, Permission.RUN_CONTROL)
        recorded = await self._records.read(actor.tenant_id, run_id)
        secrets = await self._surroundings.secrets_of(
            actor.tenant_id, recorded.graph, recorded.linked, recorded.events
        )
        replay = Replay(
            run_id=run_id,
            tenant_id=actor.tenant_id,
            graph=recorded.graph,
            linked=recorded.linked,
            secrets=secrets,
            compute=self._compute,
            canonical=self._records.as_read,
        )
        found = replay.first_difference(recorded.events)
        if found is None:
            return Replayed(events=len(recorded.events), difference=None)
        difference = ReplayDifference(
            seq=found.seq,
            recorded=self._told(found.recorded, secrets),
            computed=self._told(found.computed, secrets),
            reason=found.reason,
        )
        return Replayed(events=found.seq, difference=difference)

    def _compute(self, run: WorkflowRun, address: NodeAddress) -> NodeOutcome | RunError:
        config = run.node_at(address).config
        try:
            return self._nodes.compute(config, context_of(run, address, self._clock))
        except DomainError as error:
            return told_error(run, address, error)

    def _told(
        self, event: RunEvent | None, secrets: Mapping[AppId, JsonObject]
    ) -> ToldEvent | None:
        if event is None:
            return None
        return ToldEvent(
            type=event.type,
            node_id=getattr(event, "node_id", None),
            frame=getattr(event, "frame", ""),
            data=_without(secrets, self._records.told(event)),
        )


def _without(secrets: Mapping[AppId, JsonObject], data: str) -> str:
    values = {str(value) for known in secrets.values() for value in known.values() if value}
    return json.dumps(masked(json.loads(data), values), ensure_ascii=False) if values else data
