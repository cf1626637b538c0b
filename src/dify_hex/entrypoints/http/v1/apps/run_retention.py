"""The routes that say how long an app's runs are kept."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from dify_hex.application.app.run_retention import (
    SetRunRetention,
    SetRunRetentionCommand,
    ShowRunRetention,
)
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppIsArchived, AppNotFound
from dify_hex.domain.app.run_retention import MAX_DAYS, MAX_RUNS, RunRetention
from dify_hex.domain.shared.ids import AppId
from dify_hex.entrypoints.http.envelope import Envelope, Schema, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject

router = APIRouter(prefix="/v1/apps/{app_id}/run-retention", tags=["Apps"])


class RunRetentionBody(Schema):
    """What is left out, or is more than the operator allows, is what the operator has set."""

    keep_days: Annotated[int, Field(strict=True, ge=1, le=MAX_DAYS)] | None = Field(
        None, description="Days that a run is kept after its end."
    )
    keep_runs: Annotated[int, Field(strict=True, ge=1, le=MAX_RUNS)] | None = Field(
        None, description="How many of the newest runs are kept."
    )

    @classmethod
    def of(cls, retention: RunRetention) -> Self:
        """The wire form."""
        return cls(keep_days=retention.keep_days, keep_runs=retention.keep_runs)

    def to_domain(self) -> RunRetention:
        """What is said."""
        return RunRetention(keep_days=self.keep_days, keep_runs=self.keep_runs)


@router.get(
    "",
    response_model=Envelope[RunRetentionBody],
    responses=errors(AppNotFound, AppNotAllowed),
)
async def show_run_retention(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    use_case: Annotated[ShowRunRetention, Inject(ShowRunRetention)],
) -> Response:
    """How long the app's runs are kept, where that is less than the operator allows."""
    return ok(RunRetentionBody.of(await use_case.execute(actor, AppId(app_id))))


@router.put(
    "",
    response_model=Envelope[RunRetentionBody],
    responses=errors(AppNotFound, AppNotAllowed, AppIsArchived),
)
async def set_run_retention(
    app_id: UUID,
    body: RunRetentionBody,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[SetRunRetention, Inject(SetRunRetention)],
) -> Response:
    """Keep the app's runs for less long, or fewer of them; those that are past that go."""
    command = SetRunRetentionCommand(app_id=AppId(app_id), retention=body.to_domain())
    return ok(RunRetentionBody.of(await use_case.execute(actor, command)))
