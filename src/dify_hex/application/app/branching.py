"""Begins runs that take over what another run has done."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from dify_hex.application.app.run_workflow import BegunRun
from dify_hex.application.app.runnable_apps import RunnableAppWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.idempotency import Claim, StreamClaims
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.engine.run_host import RunHost
from dify_hex.application.workflow.first_rows import first_rows
from dify_hex.application.workflow.ports import GraphCodec, RunEventCodec, RunReader
from dify_hex.application.workflow.records import ClaimedRun, Lease, NewRun
from dify_hex.application.workflow.run_records import RecordedRun, RunRecords
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.application.workflow.start_run import StartRunWork
from dify_hex.application.workflow.started_run import DEFAULT_RESUME_WINDOW
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppVersionId, MessageId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.conversation_values import conversation_values
from dify_hex.domain.workflow.errors import RunUnderWay
from dify_hex.domain.workflow.lineage import Branch, Lineage
from dify_hex.domain.workflow.run_events import RunStarted


class MessageTurns(Protocol):
    """The messages that runs answer; what is answered anew is asked anew."""

    @abstractmethod
    async def repeat(self, tenant_id: TenantId, message_id: MessageId, facts: RunStarted) -> None:
        """Keep the question of a run once more, as a message that the run of these facts answers.

        Raises:
            NotFound: its conversation was deleted.
            Conflict: the message that it replies to is being answered anew.
        """


class BranchWork(RunnableAppWork, StartRunWork, Protocol):
    """A transaction in which a run is born of another."""

    @property
    @abstractmethod
    def message_turns(self) -> MessageTurns:
        """The messages that runs answer."""

    @property
    @abstractmethod
    def stream_claims(self) -> StreamClaims:
        """Claims on the keys of requests that are answered with a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """How the caller wants to hear of the new run."""

    response: Delivery
    #: How long the run goes on without a reader.
    resume_window: timedelta = DEFAULT_RESUME_WINDOW
    #: The claim on the request's idempotency key, when the answer is a stream that can be joined.
    claim: Claim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBranch:
    """What the new run shall be: a branch of a run, on a graph, beginning with these facts."""

    parent: RecordedRun
    branch: Branch
    facts: RunStarted
    document: GraphDocument


class Branching:
    """Stores and executes the new run; what to take over is the domain's decision.

    A run in the foreground is leased to this process at its birth, and read back from the
    journal like one that was taken over: there is one way to go on with a run, and this is it.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[BranchWork],
        records: RunRecords,
        runs: RunReader,
        graphs: GraphCodec,
        events: RunEventCodec,
        host: RunHost,
        clock: Clock,
        values: RunValues,
    ) -> None:
        self._values = values
        self._begin = begin
        self._records = records
        self._runs = runs
        self._graphs = graphs
        self._events = events
        self._host = host
        self._clock = clock

    async def parent(self, actor: Actor, run_id: WorkflowRunId) -> RecordedRun:
        """The run to branch off, if that can be done.

        Raises:
            WorkflowRunNotFound: there is none for this tenant, or its journal is gone.
            RunUnderWay: it has not ended.
        """
        shown = await self._runs.get_run(actor.tenant_id, run_id)
        for permission in (Permission.RUN_CONTROL, Permission.APP_RUN):
            actor.require_app(shown.app_id, permission)
        if not shown.status.is_final:
            raise RunUnderWay(status=shown.status.value)
        return await self._records.read(actor.tenant_id, run_id)

    def facts(
        self, parent: RecordedRun, document: GraphDocument, version: AppVersionId | None
    ) -> RunStarted:
        """What the new run begins with: what the former one did, on this graph.

        Where that answered a message, the new one answers another of the same words.
        """
        graph, facts = self._graphs.parse(document.json), parent.facts
        if facts.message_id is not None:
            facts = replace(
                facts,
                message_id=MessageId(new_id()),
                conversation=conversation_values(graph, facts.conversation),
            )
        return replace(
            facts,
            at=self._clock.now(),
            run_id=WorkflowRunId(new_id()),
            parent_run_id=facts.run_id,
            graph_hash=document.hash,
            node_schemas=graph.node_schemas(),
            app_version_id=version,
        )

    async def branch_off(self, actor: Actor, new: NewBranch, reception: Reception) -> BegunRun:
        """Begin the run; with a blocking response, wait for its end, or for its first pause.

        Raises:
            RunsFull: this process carries as many runs as it may.
            RunMoved: the run was waited for, and goes on in another process.
        """
        if reception.response is Delivery.BACKGROUND:
            await self._store(actor, new, reception)
            await self._host.wake_workers()
            return _begun(new)
        with self._host.reserve() as place:
            lease = await self._store(actor, new, reception)
            handle = await place.adopt(ClaimedRun(lease=lease, taken_over=False))
        if reception.response is Delivery.STREAM:
            return _begun(new)
        result = await handle.result()
        return replace(_begun(new), result=result, elapsed=result.at - new.facts.at)

    async def _store(self, actor: Actor, new: NewBranch, reception: Reception) -> Lease:
        background = reception.response is Delivery.BACKGROUND
        run_id, graph = new.facts.run_id, self._graphs.parse(new.document.json)
        lease = Lease(
            tenant_id=actor.tenant_id,
            run_id=run_id,
            owner="" if background else self._host.owner,
            token=0 if background else 1,
        )
        lineage = Lineage(new.parent.graph, new.parent.events, new.parent.linked)
        run, events = lineage.begin(actor.tenant_id, graph, new.facts, new.branch)
        rows = await self._values.keep_first(first_rows(lease, events, self._events))
        async with self._begin(actor.tenant_id) as work:
            # The parent's may be a draft's graph, which is kept with runs only.
            await work.graph_documents.add(new.document)
            await work.workflow_runs.add(
                NewRun(
                    lease=lease,
                    facts=run.facts,
                    rows=rows,
                    background=background,
                    resume_window=reception.resume_window,
                )
            )
            if run.facts.message_id is not None:
                await work.message_turns.repeat(actor.tenant_id, run.facts.message_id, run.facts)
            if reception.claim is not None:
                await work.stream_claims.settle(reception.claim, run_id)
            await work.commit()
        return lease


def _begun(new: NewBranch) -> BegunRun:
    return BegunRun(run_id=new.facts.run_id, message_id=new.facts.message_id, result=None)
