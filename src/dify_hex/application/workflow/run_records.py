"""Runs as they were recorded, with everything that gives their events a meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dify_hex.application.workflow.linked_workflows import StoredGraphs
from dify_hex.application.workflow.ports import GraphCodec, RunEventCodec, RunJournal, StoredRuns
from dify_hex.application.workflow.records import JournalRow
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.run_events import RunEvent, RunStarted

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A run's journal, the exact graph it ran on, and those of the workflows it linked to."""

    document: GraphDocument
    graph: Graph
    linked: Mapping[str, Graph]
    facts: RunStarted
    events: Sequence[RunEvent]


class RunRecords:
    """Reads whole journals; for looking back, never for going on."""

    def __init__(
        self,
        *,
        journal: RunJournal,
        stored_runs: StoredRuns,
        stored_graphs: StoredGraphs,
        graphs: GraphCodec,
        events: RunEventCodec,
        values: RunValues,
    ) -> None:
        self._values = values
        self._journal = journal
        self._stored_runs = stored_runs
        self._stored_graphs = stored_graphs
        self._graphs = graphs
        self._events = events

    async def events_of(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[RunEvent]:
        """Everything that has happened in a run so far; large values are named by references."""
        return self._decoded(await self._rows_of(tenant_id, run_id))

    def _decoded(self, rows: Sequence[JournalRow]) -> Sequence[RunEvent]:
        return [self._events.decode(row.type, row.payload) for row in rows]

    async def _rows_of(self, tenant_id: TenantId, run_id: WorkflowRunId) -> Sequence[JournalRow]:
        rows: list[JournalRow] = []
        while True:
            page = await self._journal.read(tenant_id, run_id, after=len(rows), limit=_PAGE)
            rows.extend(page)
            if len(page) < _PAGE:
                return rows

    async def read(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RecordedRun:
        """A run with its graphs.

        Raises:
            WorkflowRunNotFound: there is none for this tenant, or its journal is gone.
            RunValueMissing: a large value of it is gone, or is not what was kept.
            StorageUnavailable: the storage of large values is away.
        """
        stored = await self._stored_runs.get(tenant_id, run_id)
        rows = await self._values.put_back(await self._rows_of(tenant_id, run_id))
        events = self._decoded(rows)
        facts = next((event for event in events if isinstance(event, RunStarted)), None)
        if facts is None:
            raise WorkflowRunNotFound
        hashes = {event.graph_hash for event in events if isinstance(event, SubWorkflowStarted)}
        found = await self._stored_graphs.find(tenant_id, hashes) if hashes else {}
        return RecordedRun(
            document=stored.graph,
            graph=self._graphs.parse(stored.graph.json),
            linked={key: self._graphs.parse(found[key].json) for key in found},
            facts=facts,
            events=events,
        )

    def as_read(self, event: RunEvent) -> RunEvent:
        """An event in the form that it has once it was journalled and read again."""
        return self._events.decode(event.type, self._events.encode(event))

    def told(self, event: RunEvent) -> str:
        """An event as readers are shown it: a JSON object."""
        return self._events.encode(event)
