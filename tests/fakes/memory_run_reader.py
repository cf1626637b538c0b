"""Runs as they are shown, and the graphs that they were pinned to, in memory."""

from collections.abc import Collection, Mapping

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.workflow.linked_workflows import StoredGraphs
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.read_models import RunDetail, RunFilter
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.domain.workflow.run_events import RunStarted
from tests.fakes.memory_runs import MemoryRun, MemoryRuns


class MemoryRunReader(RunReader):
    """Looks at the runs of a `MemoryRuns`."""

    def __init__(self, runs: MemoryRuns) -> None:
        self._runs = runs
        self._codec = PydanticRunEventCodec()

    async def get_run(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RunDetail:
        run = self._runs.runs.get(run_id)
        if run is None or run.tenant_id != tenant_id:
            raise WorkflowRunNotFound
        return self._detail(run)

    async def list_runs(
        self, tenant_id: TenantId, cursor: CursorRequest, wanted: RunFilter
    ) -> CursorPage[RunDetail]:
        del cursor, wanted
        found = [run for run in self._runs.runs.values() if run.tenant_id == tenant_id]
        return CursorPage(items=[self._detail(run) for run in reversed(found)], next_cursor=None)

    def _detail(self, run: MemoryRun) -> RunDetail:
        facts = self._codec.decode(run.rows[0].type, run.rows[0].payload)
        assert isinstance(facts, RunStarted)
        ending = run.ending
        return RunDetail(
            id=facts.run_id,
            app_id=facts.app_id,
            app_version_id=facts.app_version_id,
            message_id=facts.message_id,
            status=run.status,
            user=facts.user,
            outputs=None if ending is None else ending.outputs,
            error=None if ending is None else ending.error,
            usage=Usage() if ending is None else ending.usage,
            steps=0 if ending is None else ending.steps,
            created_at=facts.at,
            finished_at=None if ending is None else ending.at,
            parent_run_id=facts.parent_run_id,
            inputs=facts.inputs,
        )


class MemoryStoredGraphs(StoredGraphs):
    """The graphs of a shelf, whose keys are tenants and hashes."""

    def __init__(self, graphs: Mapping[tuple[TenantId, str], GraphDocument]) -> None:
        self._graphs = graphs

    async def find(
        self, tenant_id: TenantId, hashes: Collection[str]
    ) -> Mapping[str, GraphDocument]:
        return {key: self._graphs[tenant_id, key] for key in hashes}
