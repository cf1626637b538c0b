"""What every route has in common: envelope, errors, paging, versions, limits."""

import asyncio
import json
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import Unauthenticated
from dify_hex.entrypoints.http.app import HttpOptions, create_app
from dify_hex.entrypoints.http.envelope import no_content
from dify_hex.entrypoints.http.injection import Inject, NotInIndex
from dify_hex.entrypoints.http.middleware.address_limit import AddressRates
from dify_hex.entrypoints.http.route_table import AmbiguousOperation, UnguardedRoute
from tests.unit.entrypoints.http.conftest import LAMP
from tests.unit.entrypoints.http.parts import Parts


async def test_a_resource_comes_in_the_envelope(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/v1/lamps/{LAMP}")

    assert answer.status_code == 200
    assert answer.headers["etag"] == '"3"'
    body = answer.json()
    assert body["code"] == "success"
    assert body["data"] == {"id": str(LAMP), "name": "one", "number": 1}
    assert body["meta"]["request_id"] == answer.headers["x-request-id"]
    assert body["meta"]["timestamp"].endswith("Z")


async def test_a_page_says_where_it_stands(client: httpx.AsyncClient) -> None:
    body = (await client.get("/v1/lamps?page=2&sort=name,-number")).json()

    assert body["data"][0]["name"] == "name,-number"
    assert body["pagination"] == {
        "page": 2,
        "limit": 20,
        "total": 41,
        "total_pages": 3,
        "has_next": True,
        "has_prev": True,
    }


async def test_a_cursor_leads_to_the_end(client: httpx.AsyncClient) -> None:
    first = (await client.get("/v1/lamps/stretch?limit=7")).json()
    last = (await client.get(f"/v1/lamps/stretch?after={LAMP}")).json()

    assert first["pagination"] == {"next_cursor": str(LAMP), "has_more": True}
    assert first["data"][0]["number"] == 7
    assert last["pagination"] == {"next_cursor": None, "has_more": False}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=0", "biz_validation_failed"),
        ("page=1000001", "biz_validation_failed"),
        ("page=99999999999999999999999", "biz_validation_failed"),
        ("limit=101", "biz_validation_failed"),
        ("sort=colour", "biz_unknown_sort_field"),
        ("sort=name,name", "biz_unknown_sort_field"),
        ("sort=", "biz_unknown_sort_field"),
        ("sort=%00", "biz_validation_failed"),
        ("page=1&limit=5&page=2", "biz_validation_failed"),
    ],
)
async def test_a_list_refuses_what_it_cannot_mean(
    client: httpx.AsyncClient, query: str, code: str
) -> None:
    answer = await client.get(f"/v1/lamps?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_what_was_created_is_found_at_its_location(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/lamps", json={"name": "new"})

    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/lamps/{LAMP}"
    assert answer.headers["etag"] == '"1"'


async def test_deleting_answers_with_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.delete(f"/v1/lamps/{LAMP}")

    assert (answer.status_code, answer.content) == (204, b"")


async def test_an_error_speaks_the_callers_language(client: httpx.AsyncClient) -> None:
    path = "/v1/lamps/019aa0f0-0000-7000-8000-00000000ffff"
    english = (await client.get(path)).json()
    chinese = (await client.get(path, headers={"accept-language": "zh-CN,zh;q=0.9"})).json()

    assert english["message"] == "The resource does not exist."
    assert chinese["message"] == "资源不存在。"
    assert english["help_url"] == "/docs/errors#biz_resource_not_found"
    assert english["request_id"]


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*"])
async def test_what_nobody_offers_is_not_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get("/v1/lamps", headers={"accept": accept})

    assert (answer.status_code, answer.json()["code"]) == (406, "biz_not_acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "text/html, application/json;q=0.1", "text/event-stream"]
)
async def test_what_is_offered_is_acceptable(client: httpx.AsyncClient, accept: str) -> None:
    assert (await client.get("/v1/lamps", headers={"accept": accept})).status_code == 200


async def test_an_unknown_address_and_a_wrong_method_are_told_apart(
    client: httpx.AsyncClient,
) -> None:
    nowhere = await client.get("/v1/nowhere")
    wrong = await client.put(f"/v1/lamps/{LAMP}")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "biz_route_not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "biz_method_not_allowed")
    assert wrong.headers["allow"] == "DELETE, GET, PATCH"


async def test_an_unforeseen_error_shows_nothing_but_the_request_id(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/lamps/fail/now")

    assert answer.status_code == 500
    assert answer.json()["code"] == "sys_internal_error"
    assert answer.json()["details"] == {}
    assert "sk-live" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_dependency_that_is_down_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/lamps/fail/down")

    assert answer.status_code == 503
    assert answer.json()["code"] == "sys_unavailable"
    assert answer.json()["details"] == {"dependency": "postgresql"}
    assert answer.headers["retry-after"] == "1"


async def test_an_optional_version_may_be_left_out(client: httpx.AsyncClient) -> None:
    without = await client.patch(f"/v1/lamps/{LAMP}")
    named = await client.patch(f"/v1/lamps/{LAMP}", headers={"if-match": '"7"'})

    assert without.json()["data"]["name"] == "None"
    assert named.json()["data"]["name"] == "7"


async def test_a_draft_is_not_changed_without_a_version(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"/v1/lamps/{LAMP}/draft")

    assert (answer.status_code, answer.json()["code"]) == (428, "biz_version_required")


@pytest.mark.parametrize("header", ["7", '"x"', "*", '"1", "2"', 'W/"1"', '"99999999999"', '"0"'])
async def test_an_if_match_that_is_no_version_is_malformed(
    client: httpx.AsyncClient, header: str
) -> None:
    answer = await client.put(f"/v1/lamps/{LAMP}/draft", headers={"if-match": header})

    assert (answer.status_code, answer.json()["code"]) == (400, "biz_malformed_if_match")


async def test_a_deprecated_route_says_until_when(client: httpx.AsyncClient, parts: Parts) -> None:
    answer = await client.get("/v1/lamps/old/one")

    assert answer.headers["deprecation"] == "true"
    assert answer.headers["sunset"] == "Sat, 01 May 2027 00:00:00 GMT"
    text = parts.telemetry.exposition()[0].decode()
    assert 'http_deprecated_requests_total{route="/v1/lamps/old/one"} 1.0' in text


async def test_figures_are_kept_by_template(client: httpx.AsyncClient, parts: Parts) -> None:
    await client.get(f"/v1/lamps/{LAMP}")
    await client.get("/v1/no/such/place")

    text = parts.telemetry.exposition()[0].decode()
    assert 'http_requests_total{method="GET",route="/v1/lamps/{lamp_id}",status="200"} 1.0' in text
    assert 'http_requests_total{method="GET",route="(unmatched)",status="404"} 1.0' in text


async def test_metrics_want_their_token(client: httpx.AsyncClient) -> None:
    refused = await client.get("/metrics")
    given = await client.get("/metrics", headers={"authorization": "Bearer figures-please"})

    assert refused.status_code == 401
    assert b"http_requests_total" in given.content


async def test_a_full_process_says_so_at_once(app: FastAPI, client: httpx.AsyncClient) -> None:
    gate = asyncio.Event()

    async def wait_and_refuse(_request: Request) -> Actor:
        await gate.wait()
        raise Unauthenticated

    app.state.authenticate = wait_and_refuse
    waiting = [asyncio.create_task(client.get("/v1/lamps")) for _ in range(4)]
    await asyncio.sleep(0.05)

    answer = await client.get("/v1/lamps")
    alive = await client.get("/health/live")

    assert (answer.status_code, answer.json()["code"]) == (503, "sys_overloaded")
    assert alive.status_code == 200
    gate.set()
    await asyncio.gather(*waiting)


def _assemble(parts: Parts, router: APIRouter) -> FastAPI:
    rates = AddressRates(
        capacity=1,
        refill_per_second=1,
        sign_in_capacity=1,
        sign_in_refill_per_second=1,
        form_file_capacity=60,
        form_file_refill_per_second=1,
    )
    return create_app(parts.for_http(), HttpOptions(address_rates=rates), [router])


def test_a_route_that_forgets_its_guard_stops_the_start(parts: Parts) -> None:
    router = APIRouter()

    @router.get("/open")
    async def open_door() -> Response:
        return no_content()

    with pytest.raises(UnguardedRoute, match="/open"):
        _assemble(parts, router)


def test_a_type_that_nobody_provides_stops_the_start(parts: Parts) -> None:
    router = APIRouter()

    @router.get("/x", openapi_extra={"x-permission": "public"})
    async def ask(_wanted: Annotated[Permission, Inject(Permission)]) -> Response:
        return no_content()

    with pytest.raises(NotInIndex, match="Permission"):
        _assemble(parts, router)


def test_two_operations_of_one_name_stop_the_start(parts: Parts) -> None:
    router = APIRouter()
    for path in ("/a", "/b"):

        async def twin() -> Response:
            return no_content()

        router.add_api_route(path, twin, openapi_extra={"x-permission": "public"})

    with pytest.raises(AmbiguousOperation, match="twin"):
        _assemble(parts, router)


async def test_the_document_shows_every_error_of_a_route(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()

    operation = document["paths"]["/v1/lamps"]["post"]
    assert operation["operationId"] == "make_lamp"
    assert operation["x-permission"] == "app:write"
    assert set(operation["responses"]) >= {
        "201", "400", "401", "403", "406", "408", "409", "413", "415", "422", "429", "500", "503",
    }  # fmt: skip
    examples = operation["responses"]["409"]["content"]["application/json"]["examples"]
    assert set(examples) == {"biz_idempotency_in_progress", "biz_idempotency_key_reused"}
    assert any(p["name"] == "Idempotency-Key" for p in operation["parameters"])
    public = document["paths"]["/health/live"]["get"]
    assert public["security"] == []
    assert "HTTPValidationError" not in json.dumps(document)


async def test_the_documentation_is_served_by_ourselves(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    script = await client.get("/docs/swagger-ui-bundle.js")
    outside = await client.get("/docs/README.md")
    errors = await client.get("/docs/errors")

    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "https://" not in page.text
    assert script.status_code == 200
    assert script.headers["cache-control"] == "public, max-age=86400"
    assert outside.status_code == 404
    assert 'id="auth_required"' in errors.text
