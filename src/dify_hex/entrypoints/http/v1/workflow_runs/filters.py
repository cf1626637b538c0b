"""How lists of runs are asked for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime

from dify_hex.application.workflow.read_models import RunFilter
from dify_hex.domain.shared.ids import AppId, EndUserName, WorkflowRunId
from dify_hex.domain.workflow.statuses import RunStatus


async def _run_filter(
    app_id: UUID | None = None,
    status: RunStatus | None = None,
    user: Annotated[str | None, Query(max_length=255)] = None,
    parent: Annotated[
        UUID | None, Query(description="Only what repeats or forks this run.")
    ] = None,
    created_after: Annotated[
        AwareDatetime | None, Query(description="Begun then or later.")
    ] = None,
    created_before: Annotated[AwareDatetime | None, Query(description="Begun before.")] = None,
) -> RunFilter:
    return RunFilter(
        app_id=None if app_id is None else AppId(app_id),
        status=status,
        user=None if user is None else EndUserName(user),
        parent_run_id=None if parent is None else WorkflowRunId(parent),
        created_after=created_after,
        created_before=created_before,
    )


#: Ask for some of the runs; what is left out does not matter.
RunQuery = Annotated[RunFilter, Depends(_run_filter)]
