"""Begins a run inside its caller's transaction."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.application.workflow.engine.first_moves import first_moves
from dify_hex.application.workflow.first_rows import first_rows
from dify_hex.application.workflow.linked_workflows import NoSecrets, RunSecrets
from dify_hex.application.workflow.node_executor import NodeExecutors
from dify_hex.application.workflow.ports import (
    GraphCodec,
    GraphDocuments,
    NewRuns,
    RunEventCodec,
)
from dify_hex.application.workflow.records import (
    Lease,
    NewRun,
)
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.application.workflow.started_run import DEFAULT_RESUME_WINDOW, StartedRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import (
    AppId,
    AppVersionId,
    ConversationId,
    EndUserName,
    MessageId,
    TenantId,
    WorkflowRunId,
)
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.run_bounds import RunBounds
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRunCommand:
    """What shall run, on which exact graph, with which inputs."""

    run_id: WorkflowRunId
    app_id: AppId
    app_version_id: AppVersionId | None
    graph: GraphDocument
    user: EndUserName
    inputs: JsonObject
    query: str | None = None
    message_id: MessageId | None = None
    conversation_id: ConversationId | None = None
    reply_to: MessageId | None = None
    dialogue_count: int = 0
    files: tuple[JsonObject, ...] = ()
    #: What the conversation's variables hold.
    conversation: JsonObject = field(default_factory=dict)
    durability: Durability = Durability.STRICT
    bounds: RunBounds = field(default_factory=RunBounds)
    background: bool = False
    resume_window: timedelta = DEFAULT_RESUME_WINDOW


class StartRunWork(UnitOfWork, Protocol):
    """The unit of work that a run can begin in."""

    @property
    @abstractmethod
    def workflow_runs(self) -> NewRuns:
        """Where new runs are stored."""

    @property
    @abstractmethod
    def graph_documents(self) -> GraphDocuments:
        """Where the exact graphs are kept."""


class StartRun:
    """Records how a run begins and takes the lease.

    - The run is pinned to the exact graph, by its hash.
    - A foreground run is leased to this process at birth; a background run to nobody.
    - What a foreground run does first is committed together with its beginning.
    - Large values are stored before the rows that name them.
    - Nothing executes before the caller has committed.
    """

    def __init__(
        self,
        *,
        owner: str,
        clock: Clock,
        graphs: GraphCodec,
        events: RunEventCodec,
        nodes: NodeExecutors,
        secrets: RunSecrets | None = None,
        values: RunValues | None = None,
    ) -> None:
        self._values = values
        self._secrets = secrets or NoSecrets()
        self._nodes = nodes
        self._owner = owner
        self._clock = clock
        self._graphs = graphs
        self._events = events

    async def execute(
        self, actor: Actor, command: StartRunCommand, work: StartRunWork
    ) -> StartedRun:
        """Begin the run in `work`; the caller commits, then launches what is returned."""
        actor.require_app(command.app_id, Permission.APP_RUN)
        graph = self._graphs.parse(command.graph.json)
        run = WorkflowRun(
            run_id=command.run_id,
            tenant_id=actor.tenant_id,
            graph=graph,
            secrets=await self._secrets_of(actor.tenant_id, command.app_id, graph),
        )
        lease = Lease(
            tenant_id=actor.tenant_id,
            run_id=command.run_id,
            owner="" if command.background else self._owner,
            token=0 if command.background else 1,
        )
        events = run.start(self._facts(command, run.graph))
        if not command.background:
            events += first_moves(run, self._nodes, self._clock)
        rows = first_rows(lease, events, self._events)
        if self._values is not None:
            rows = await self._values.keep_first(rows)
        if command.app_version_id is None:
            # A version's graph is kept with the version; a draft's only with its runs.
            await work.graph_documents.add(command.graph)
        await work.workflow_runs.add(
            NewRun(
                lease=lease,
                facts=run.facts,
                rows=rows,
                background=command.background,
                resume_window=command.resume_window,
            )
        )
        return StartedRun(
            run=run,
            lease=lease,
            rows=rows,
            background=command.background,
            resume_window=command.resume_window,
        )

    async def _secrets_of(
        self, tenant_id: TenantId, app_id: AppId, graph: Graph
    ) -> Mapping[AppId, JsonObject]:
        if not graph.declares_secrets:
            return {}
        return {app_id: await self._secrets.of(tenant_id, app_id)}

    def _facts(self, command: StartRunCommand, graph: Graph) -> RunStarted:
        return RunStarted(
            at=self._clock.now(),
            run_id=command.run_id,
            graph_hash=command.graph.hash,
            node_schemas=graph.node_schemas(),
            app_id=command.app_id,
            app_version_id=command.app_version_id,
            user=command.user,
            inputs=command.inputs,
            query=command.query,
            message_id=command.message_id,
            conversation_id=command.conversation_id,
            reply_to=command.reply_to,
            dialogue_count=command.dialogue_count,
            files=command.files,
            conversation=command.conversation,
            durability=command.durability,
            bounds=command.bounds,
        )
