"""A small application with every kind of route, served in process."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dify_hex.application.shared.actor import Actor
from dify_hex.bootstrap.logging import configure_logging
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import NotFound, Unavailable
from dify_hex.domain.shared.paging import CursorPage, CursorRequest, Page, PageRequest
from dify_hex.entrypoints.http.app import HttpOptions, create_app
from dify_hex.entrypoints.http.envelope import (
    CursorEnvelope,
    Envelope,
    PageEnvelope,
    Schema,
    created,
    no_content,
    ok,
    page_of,
    stretch_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import PUBLIC, Requires
from dify_hex.entrypoints.http.idempotency import attempt_of
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.middleware.address_limit import AddressRates
from dify_hex.entrypoints.http.pagination import CursorQuery, Paging
from dify_hex.entrypoints.http.preconditions import ExpectedVersion, RequiredVersion
from tests.unit.entrypoints.http.parts import Counting, Parts

LAMP = UUID("019aa0f0-0000-7000-8000-000000000001")


class LampResponse(Schema):
    """A thing that can be named and numbered."""

    id: UUID
    name: str
    number: int


class LampRequest(Schema):
    """A lamp to be made."""

    name: Annotated[str, Query(min_length=1, max_length=20)]
    secret: str = ""


class LampNotFound(NotFound):
    """The lamp does not exist."""

    code = "biz_resource_not_found"


router = APIRouter(prefix="/v1/lamps", tags=["Lamps"])
Caller = Annotated[Actor, Requires(Permission.APP_READ)]
Maker = Annotated[Actor, Requires(Permission.APP_WRITE, idempotent=True)]
Count = Annotated[Counting, Inject(Counting)]


@router.get("", response_model=PageEnvelope[LampResponse])
async def list_lamps(
    actor: Caller,
    page: Annotated[PageRequest, Paging(sortable=("name", "number"), default="-number")],
) -> Response:
    """Every lamp."""
    order = ",".join(f"{'-' if f.descending else ''}{f.name}" for f in page.sort)
    found = Page(items=[order], total=41, page=page.page, limit=page.limit)
    return page_of(found, [LampResponse(id=LAMP, name=order, number=1)])


@router.get("/stretch", response_model=CursorEnvelope[LampResponse])
async def list_lamps_by_cursor(actor: Caller, cursor: CursorQuery) -> Response:
    """Lamps after another."""
    request: CursorRequest = cursor
    found = CursorPage(items=[1], next_cursor=None if request.after else LAMP)
    return stretch_of(found, [LampResponse(id=LAMP, name="x", number=request.limit)])


@router.post("", status_code=201, response_model=Envelope[LampResponse])
async def make_lamp(body: LampRequest, actor: Maker, count: Count) -> Response:
    """A new lamp, counted."""
    number = count.next()
    lamp = LampResponse(id=LAMP, name=body.name, number=number)
    return created(lamp, location=f"/v1/lamps/{LAMP}", version=1)


@router.post("/slow", status_code=201, response_model=Envelope[LampResponse])
async def make_lamp_slowly(actor: Maker, count: Count) -> Response:
    """A new lamp, once the test lets it be finished."""
    number = count.next()
    await count.may_go_on.wait()
    return created(LampResponse(id=LAMP, name="slow", number=number), location=f"/v1/lamps/{LAMP}")


@router.post("/stream", response_model=None)
async def stream_lamp(request: Request, actor: Maker) -> Response:
    """A stream, or the one that was begun before."""
    attempt = attempt_of(request.scope)
    if attempt is not None and attempt.joins is not None:
        return StreamingResponse(iter([f"joined {attempt.joins}"]))
    if attempt is not None:
        attempt.stream_of = LAMP
    return StreamingResponse(iter(["begun"]), media_type="text/event-stream")


@router.get("/{lamp_id}", response_model=Envelope[LampResponse], responses=errors(LampNotFound))
async def get_lamp(lamp_id: UUID, actor: Caller) -> Response:
    """One lamp."""
    if lamp_id != LAMP:
        raise LampNotFound
    return ok(LampResponse(id=lamp_id, name="one", number=1), version=3)


@router.patch("/{lamp_id}", response_model=Envelope[LampResponse])
async def rename_lamp(lamp_id: UUID, version: ExpectedVersion, actor: Caller) -> Response:
    """Another name, if the version is the expected one."""
    return ok(LampResponse(id=lamp_id, name=str(version), number=1))


@router.put("/{lamp_id}/draft", response_model=Envelope[LampResponse])
async def draft_lamp(lamp_id: UUID, version: RequiredVersion, actor: Caller) -> Response:
    """A draft, never without a version."""
    return ok(LampResponse(id=lamp_id, name="draft", number=version))


@router.delete("/{lamp_id}", status_code=204)
async def delete_lamp(lamp_id: UUID, actor: Caller) -> Response:
    """Gone."""
    return no_content()


@router.get(
    "/old/one", deprecated=True, openapi_extra={"x-sunset": "Sat, 01 May 2027 00:00:00 GMT"}
)
async def get_old_lamp(actor: Caller) -> Response:
    """On its way out."""
    return ok(LampResponse(id=LAMP, name="old", number=1))


@router.get("/fail/{how}", openapi_extra={**PUBLIC})
async def fail(how: str) -> Response:
    """Something nobody expected, or a dependency that is down."""
    if how == "down":
        raise Unavailable(dependency="postgresql")
    raise RuntimeError("a secret sk-live-0123456789abcdef in the text")


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    configure_logging("ERROR", "json")


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def app(parts: Parts) -> FastAPI:
    options = HttpOptions(
        address_rates=AddressRates(
            capacity=1000,
            refill_per_second=1000,
            sign_in_capacity=2,
            sign_in_refill_per_second=0.1,
            form_file_capacity=3,
            form_file_refill_per_second=0.1,
        ),
        cors_origins=("https://console.example",),
        trusted_proxies=("127.0.0.0/8",),
        max_body_bytes=4096,
        body_timeout=0.2,
        max_requests_in_progress=4,
        metrics_token="figures-please",
    )
    return create_app(parts.for_http(), options, [router])


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://test",
        headers={"authorization": "Bearer good"},
    ) as client:
        yield client
