"""The application with one route that streams a run which the test drives by hand."""

from dataclasses import replace
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.domain.account.permissions import Permission
from dify_hex.entrypoints.http.app import HttpOptions, create_app
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.middleware.address_limit import AddressRates
from dify_hex.entrypoints.http.streaming.open_streams import StreamOptions
from dify_hex.entrypoints.http.streaming.parameters import After, Detail
from dify_hex.entrypoints.http.streaming.response import STREAM_RESPONSES, stream_run
from tests.fakes.followed_run import FollowedRun
from tests.unit.entrypoints.http.parts import TENANT, Parts


@pytest.fixture
def run() -> FollowedRun:
    run = FollowedRun(tenant_id=TENANT)
    run.begin()
    return run


@pytest.fixture
def options() -> StreamOptions:
    return StreamOptions()


@pytest.fixture
def app(parts: Parts, run: FollowedRun, options: StreamOptions) -> FastAPI:
    router = APIRouter(prefix="/v1/stream")

    @router.get("", response_class=Response, responses={**STREAM_RESPONSES})
    async def follow(
        request: Request,
        actor: Annotated[Actor, Requires(Permission.APP_READ)],
        use_case: Annotated[FollowRun, Inject(FollowRun)],
        after: After,
        detail: Detail,
    ) -> Response:
        """The run."""
        return stream_run(
            request, use_case, actor.tenant_id, run.run_id, after=after, detail=detail
        )

    follow_run = run.follow_run(silence=0.01, patience=0.3)
    http = replace(parts.for_http(), use_cases={FollowRun: lambda: follow_run})
    rates = AddressRates(
        capacity=1000,
        refill_per_second=1000,
        sign_in_capacity=2,
        sign_in_refill_per_second=1,
        form_file_capacity=60,
        form_file_refill_per_second=1,
    )
    return create_app(http, HttpOptions(address_rates=rates, streams=options), [router])
