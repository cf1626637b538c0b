"""Where runs and graphs are stored at their birth, inside the caller's transaction."""

from datetime import timedelta
from typing import cast

from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql import insert as upsert

from dify_hex.adapters.persistence.graph_document_rows import GraphDocumentRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.tracker import Trace
from dify_hex.adapters.persistence.workflow.statements import LEASE_SECONDS
from dify_hex.application.workflow.ports import (
    GraphDocuments,
    NewRuns,
)
from dify_hex.application.workflow.records import (
    NewRun,
)
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.statuses import RunStatus

#: The run and its first events in one trip to the server.
_INSERT = text(f"""
WITH run AS (
    INSERT INTO workflow_runs (
        run_id, tenant_id, app_id, app_version_id, parent_run_id, graph_hash, message_id,
        conversation_id, end_user, status, background, resume_window_ms, lease_owner, lease_token,
        lease_expires_at, created_at)
    VALUES (
        :run_id, :tenant_id, :app_id, :app_version_id, :parent_run_id, :graph_hash, :message_id,
        :conversation_id, :end_user, :status, :background, :resume_window_ms, :lease_owner,
        :lease_token,
        CASE WHEN CAST(:background AS boolean) THEN '-infinity'::timestamptz
             ELSE now() + interval '{LEASE_SECONDS} seconds' END,
        :created_at)
)
INSERT INTO workflow_run_events (run_id, tenant_id, seq, lease_token, type, payload, at)
SELECT CAST(:run_id AS uuid), CAST(:tenant_id AS uuid), first.seq, :lease_token, first.type,
       first.payload, :created_at
FROM unnest(CAST(:seqs AS int[]), CAST(:types AS text[]), CAST(:payloads AS jsonb[]))
    AS first(seq, type, payload)
""")  # noqa: S608 - its only insert is the constant above

_KEEP = upsert(cast(Table, GraphDocumentRow.__table__)).on_conflict_do_nothing()

_BORN = text("SELECT run_id FROM workflow_runs WHERE run_id = :run_id")


class SqlNewRuns(NewRuns):
    """New runs; from then on the journal and the leases change them."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def add(self, run: NewRun) -> None:
        """Store the run with its first events."""
        facts = run.facts
        await self._scope.session.execute(
            _INSERT,
            {
                "run_id": run.lease.run_id,
                "tenant_id": self._scope.tenant_id,
                "app_id": facts.app_id,
                "app_version_id": facts.app_version_id,
                "parent_run_id": facts.parent_run_id,
                "graph_hash": facts.graph_hash,
                "message_id": facts.message_id,
                "conversation_id": facts.conversation_id,
                "end_user": facts.user,
                "status": (RunStatus.PENDING if run.background else RunStatus.RUNNING).value,
                "background": run.background,
                "resume_window_ms": run.resume_window // timedelta(milliseconds=1),
                "lease_owner": None if run.background else run.lease.owner,
                "lease_token": run.lease.token,
                "created_at": facts.at,
                "seqs": [row.seq for row in run.rows],
                "types": [row.type for row in run.rows],
                "payloads": [row.payload for row in run.rows],
            },
        )
        self._scope.tracker.leave(Trace(_BORN, {"run_id": run.lease.run_id}))


class SqlGraphDocuments(GraphDocuments):
    """Graphs by tenant and hash."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def add(self, document: GraphDocument) -> None:
        """Keep the document; doing so again changes nothing."""
        await self._scope.session.execute(
            _KEEP,
            {
                "tenant_id": self._scope.tenant_id,
                "hash": document.hash,
                "document": document.json,
            },
        )
