"""The last values of drafts: rows of single nodes, and the journals of the draft's latest runs."""

from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlalchemy import DateTime, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.application.app.draft_values import DraftValue, DraftValues
from dify_hex.domain.shared.ids import AppId, NodeId, WorkflowRunId

#: How many of the latest runs of a draft are looked through.
_RUNS = 20

#: Of each node outside of containers the latest value; a row without outputs says that everything
#: before it is forgotten.
_LATEST = text("""
WITH runs AS (
    SELECT run_id FROM workflow_runs
    WHERE tenant_id = :tenant_id AND app_id = :app_id AND app_version_id IS NULL
    ORDER BY run_id DESC LIMIT :runs
), known AS (
    SELECT event.payload ->> 'node_id' AS node_id, event.payload -> 'outputs' AS outputs,
           event.at, event.run_id
    FROM workflow_run_events AS event JOIN runs ON runs.run_id = event.run_id
    WHERE event.tenant_id = :tenant_id AND coalesce(event.payload ->> 'frame', '') = ''
      AND (event.type = 'node.succeeded'
           OR event.type = 'node.failed' AND event.payload ->> 'handled' = 'true')
    UNION ALL
    SELECT node_id, outputs, at, NULL FROM draft_node_values
    WHERE tenant_id = :tenant_id AND app_id = :app_id
), latest AS (
    SELECT DISTINCT ON (node_id) node_id, outputs, at, run_id
    FROM known ORDER BY node_id, at DESC, run_id NULLS FIRST
)
SELECT node_id, outputs, at, run_id FROM latest WHERE outputs IS NOT NULL ORDER BY node_id
""").columns(node_id=Text, outputs=JSONB, at=DateTime(timezone=True), run_id=Uuid)
_KEEP = text("""
INSERT INTO draft_node_values (tenant_id, app_id, node_id, outputs, at)
SELECT :tenant_id, :app_id, node_id, CAST(:outputs AS jsonb), :at
FROM unnest(CAST(:nodes AS text[])) AS node_id
ON CONFLICT (app_id, node_id) DO UPDATE SET outputs = excluded.outputs, at = excluded.at
WHERE draft_node_values.at <= excluded.at
""")


class SqlDraftValues(DraftValues):
    """The values of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def latest(self, app_id: AppId) -> Sequence[DraftValue]:
        """One value for each node."""
        result = await self._scope.session.execute(
            _LATEST, {"tenant_id": self._scope.tenant_id, "app_id": app_id, "runs": _RUNS}
        )
        return [
            DraftValue(
                node_id=NodeId(row.node_id),
                outputs=row.outputs,
                at=row.at,
                run_id=None if row.run_id is None else WorkflowRunId(row.run_id),
            )
            for row in result
        ]

    async def keep(self, app_id: AppId, value: DraftValue) -> None:
        """Put the value in the place of the node's former one."""
        outputs = orjson.dumps(dict(value.outputs)).decode()
        await self._write(app_id, [value.node_id], outputs, value.at)

    async def forget(self, app_id: AppId, at: datetime) -> None:
        """Leave a row without outputs for each node of which there are any."""
        known = [value.node_id for value in await self.latest(app_id)]
        await self._write(app_id, known, None, at)

    async def _write(
        self, app_id: AppId, nodes: Sequence[NodeId], outputs: str | None, at: datetime
    ) -> None:
        await self._scope.session.execute(
            _KEEP,
            {
                "tenant_id": self._scope.tenant_id,
                "app_id": app_id,
                "nodes": list(nodes),
                "outputs": outputs,
                "at": at,
            },
        )
