"""The routes of background jobs: looking at them, trying again, cancelling, dropping."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import StringConstraints
from starlette.responses import Response

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.blob_storage import BlobNotFound
from dify_hex.application.task.cancel_task import CancelTask
from dify_hex.application.task.drop_task import DropTask
from dify_hex.application.task.ports import TaskReader
from dify_hex.application.task.read_models import TaskFilter
from dify_hex.application.task.retry_task import RetryTask
from dify_hex.application.task.show_task import ShowTask
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.task.errors import (
    TaskIsOver,
    TaskIsOwed,
    TaskKeyBusy,
    TaskNotFailed,
    TaskNotFound,
)
from dify_hex.domain.task.order import MAX_KIND_LENGTH
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus
from dify_hex.entrypoints.http.envelope import (
    CursorEnvelope,
    Envelope,
    accepted,
    no_content,
    ok,
    stretch_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import CursorQuery
from dify_hex.entrypoints.http.v1.tasks.schemas import TaskResponse

router = APIRouter(prefix="/v1/tasks", tags=["Tasks"])

Viewer = Annotated[Actor, Requires(Permission.TASK_READ)]
Controller = Annotated[Actor, Requires(Permission.TASK_CONTROL)]
Tasks = Annotated[TaskReader, Inject(TaskReader)]
_Kind = Annotated[str, StringConstraints(min_length=1, max_length=MAX_KIND_LENGTH)]


@router.get("", response_model=CursorEnvelope[TaskResponse])
async def list_tasks(
    actor: Viewer,
    reader: Tasks,
    cursor: CursorQuery,
    status: Annotated[TaskStatus | None, Query()] = None,
    kind: Annotated[_Kind | None, Query(examples=["index_document"])] = None,
    queue: Annotated[JobQueue | None, Query()] = None,
    dead: Annotated[bool, Query(description="Only those that were given up.")] = False,
) -> Response:
    """Background jobs, the latest first."""
    wanted = TaskFilter(status=status, kind=kind, queue=queue, dead=dead)
    found = await reader.list_tasks(actor.tenant_id, wanted, cursor)
    return stretch_of(found, map(TaskResponse.of, found.items))


@router.get(
    "/{task_id}",
    response_model=Envelope[TaskResponse],
    responses=errors(TaskNotFound, BlobNotFound),
)
async def show_task(
    task_id: UUID, actor: Viewer, use_case: Annotated[ShowTask, Inject(ShowTask)]
) -> Response:
    """A background job, with its whole result."""
    return ok(TaskResponse.of(await use_case.execute(actor, TaskId(task_id))))


@router.post(
    "/{task_id}/retry",
    status_code=202,
    response_model=Envelope[TaskResponse],
    responses=errors(TaskNotFound, TaskNotFailed, TaskKeyBusy),
)
async def retry_task(
    task_id: UUID,
    actor: Annotated[Actor, Requires(Permission.TASK_CONTROL, idempotent=True)],
    reader: Tasks,
    use_case: Annotated[RetryTask, Inject(RetryTask)],
) -> Response:
    """Let a failed job begin anew, with all its attempts."""
    await use_case.execute(actor, TaskId(task_id))
    return await _asked(actor, reader, TaskId(task_id))


@router.post(
    "/{task_id}/cancel",
    status_code=202,
    response_model=Envelope[TaskResponse],
    responses=errors(TaskNotFound, TaskIsOver, TaskIsOwed),
)
async def cancel_task(
    task_id: UUID,
    actor: Controller,
    reader: Tasks,
    use_case: Annotated[CancelTask, Inject(CancelTask)],
) -> Response:
    """End a job that nobody wants any more; it fails with the code `task_cancelled`."""
    await use_case.execute(actor, TaskId(task_id))
    return await _asked(actor, reader, TaskId(task_id))


@router.delete(
    "/{task_id}", status_code=204, responses=errors(TaskNotFound, TaskNotFailed, TaskIsOwed)
)
async def drop_task(
    task_id: UUID, actor: Controller, use_case: Annotated[DropTask, Inject(DropTask)]
) -> Response:
    """Drop a dead letter, or another job that has failed."""
    await use_case.execute(actor, TaskId(task_id))
    return no_content()


async def _asked(actor: Actor, reader: TaskReader, task_id: TaskId) -> Response:
    task = await reader.show_task(actor.tenant_id, task_id)
    return accepted(TaskResponse.of(task), location=f"/v1/tasks/{task_id}")
