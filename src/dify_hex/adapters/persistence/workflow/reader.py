"""Runs as they are shown, straight from their rows."""

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, select

from dify_hex.adapters.persistence.app.rows import AppRow
from dify_hex.adapters.persistence.conversation.rows import ConversationRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.adapters.persistence.workflow.partitions import first_id_of
from dify_hex.adapters.persistence.workflow.rows import WorkflowRunEventRow, WorkflowRunRow
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.read_models import RunDetail, RunFilter
from dify_hex.domain.shared.ids import (
    AppId,
    AppVersionId,
    MessageId,
    TenantId,
    WorkflowRunId,
)
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.statuses import RunStatus

_SHOWN = (
    WorkflowRunRow.run_id,
    WorkflowRunRow.app_id,
    WorkflowRunRow.app_version_id,
    WorkflowRunRow.message_id,
    WorkflowRunRow.status,
    WorkflowRunRow.end_user,
    WorkflowRunRow.outputs,
    WorkflowRunRow.error_code,
    WorkflowRunRow.error_message,
    WorkflowRunRow.error_details,
    WorkflowRunRow.prompt_tokens,
    WorkflowRunRow.completion_tokens,
    WorkflowRunRow.steps,
    WorkflowRunRow.created_at,
    WorkflowRunRow.finished_at,
    WorkflowRunRow.parent_run_id,
    WorkflowRunRow.due_at,
)
_IN_CONVERSATION = (ConversationRow.tenant_id == WorkflowRunRow.tenant_id) & (
    ConversationRow.id == WorkflowRunRow.conversation_id
)
_OF_APP = (AppRow.tenant_id == WorkflowRunRow.tenant_id) & (AppRow.id == WorkflowRunRow.app_id)
#: What a deleted conversation or app has said is not shown by way of its runs either.
_IS_SHOWN = AppRow.deleted_at.is_(None) & (
    WorkflowRunRow.conversation_id.is_(None)
    | (ConversationRow.id.is_not(None) & ConversationRow.deleted_at.is_(None))
)


_BEGAN_WITH = (
    select(WorkflowRunEventRow.payload["inputs"])
    .where(
        WorkflowRunEventRow.tenant_id == WorkflowRunRow.tenant_id,
        WorkflowRunEventRow.run_id == WorkflowRunRow.run_id,
        WorkflowRunEventRow.seq == 1,
    )
    .scalar_subquery()
)


class SqlRunReader(RunReader):
    """Reads columns, never a journal; runs of deleted conversations and apps are not there."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def get_run(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RunDetail:
        """One run."""
        query = _of_tenant(tenant_id).where(WorkflowRunRow.run_id == run_id)
        query = query.add_columns(_BEGAN_WITH.label("inputs"))
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise WorkflowRunNotFound
        return _detail(row)

    async def list_runs(
        self, tenant_id: TenantId, cursor: CursorRequest, wanted: RunFilter
    ) -> CursorPage[RunDetail]:
        """Runs, newest first; ids sort by time, so the last one seen is the cursor."""
        query = _of_tenant(tenant_id).order_by(WorkflowRunRow.run_id.desc())
        if cursor.after is not None:
            query = query.where(WorkflowRunRow.run_id < cursor.after)
        query = query.where(*_conditions(wanted))
        async with self._reads(tenant_id) as connection:
            rows = (await connection.execute(query.limit(cursor.limit + 1))).mappings().all()
        shown = rows[: cursor.limit]
        return CursorPage(
            items=[_detail(row) for row in shown],
            next_cursor=shown[-1]["run_id"] if len(rows) > cursor.limit else None,
        )


def _conditions(wanted: RunFilter) -> list[ColumnElement[bool]]:
    """The time of a run is the beginning of its id, so that one index serves both."""
    row, conditions = WorkflowRunRow, list[ColumnElement[bool]]()
    if wanted.app_id is not None:
        conditions.append(row.app_id == wanted.app_id)
    if wanted.status is not None:
        conditions.append(row.status == wanted.status.value)
    if wanted.user is not None:
        conditions.append(row.end_user == wanted.user)
    if wanted.parent_run_id is not None:
        conditions.append(row.parent_run_id == wanted.parent_run_id)
    if wanted.created_after is not None:
        conditions.append(row.run_id >= first_id_of(wanted.created_after))
    if wanted.created_before is not None:
        conditions.append(row.run_id < first_id_of(wanted.created_before))
    return conditions


def _of_tenant(tenant_id: TenantId) -> Select[*tuple[Any, ...]]:
    return (
        select(*_SHOWN)
        .outerjoin(ConversationRow, _IN_CONVERSATION)
        .outerjoin(AppRow, _OF_APP)
        .where(WorkflowRunRow.tenant_id == tenant_id, _IS_SHOWN)
    )


def _detail(row: RowMapping) -> RunDetail:
    error = None
    if row["error_code"] is not None:
        error = RunError(
            code=row["error_code"],
            message=row["error_message"] or "",
            details=row["error_details"] or {},
        )
    version_id, message_id = row["app_version_id"], row["message_id"]
    parent_id = row["parent_run_id"]
    return RunDetail(
        id=WorkflowRunId(row["run_id"]),
        app_id=AppId(row["app_id"]),
        app_version_id=None if version_id is None else AppVersionId(version_id),
        message_id=None if message_id is None else MessageId(message_id),
        status=RunStatus(row["status"]),
        user=row["end_user"],
        outputs=row["outputs"],
        error=error,
        usage=Usage(prompt_tokens=row["prompt_tokens"], completion_tokens=row["completion_tokens"]),
        steps=row["steps"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        parent_run_id=None if parent_id is None else WorkflowRunId(parent_id),
        inputs=row.get("inputs"),
        due_at=row["due_at"],
    )
