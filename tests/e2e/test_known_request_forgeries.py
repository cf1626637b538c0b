"""Dify's reports of requests forged through the server, tried on this product over HTTP.

CVE-2025-56520: a route for files at addresses fetched whatever it was given, for anybody. Issue
35947: one route asked with a client of its own, which went around the guarded one.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.effects import Flows, code, given, only
from tests.e2e.flows import Json, end, node
from tests.e2e.product import Product, running_product
from tests.fakes.canary_server import Canary, running_canary

OUTSIDE = "https://models.example.com/v1"
NUMBER: Json = {"n": {"type": "number"}}
PICTURE: Json = {"variable": "picture", "type": "file", "allowed_file_types": ["image"]}


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    # As it is once others than ourselves can reach it: models are outside too.
    with running_product(variables={"DIFY_HEX_MODEL_PRIVATE_ADDRESSES": "false"}) as running:
        yield running


@pytest.fixture(scope="module")
def flows(product: Product) -> Flows:
    return Flows(product)


@pytest.fixture
def canary() -> Iterator[Canary]:
    with running_canary() as canary:
        yield canary


def test_dify_ssrf_a_request_node_reaches_nothing_inside(flows: Flows, canary: Canary) -> None:
    for url in (canary.url, canary.url.replace("127.0.0.1", "localhost")):
        error = flows.error(only(node("ask", "http-request", url=url)))
        assert error["code"] == "outbound_address_forbidden"

    assert canary.heard == []


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://a/b"])
def test_dify_ssrf_other_schemes_are_none(flows: Flows, scheme: str) -> None:
    error = flows.error(only(node("ask", "http-request", url=scheme)))

    assert error["code"] == "outbound_url_invalid"


def test_cve_2025_56520_a_file_at_an_address_is_not_fetched_from_inside(
    flows: Flows, canary: Canary
) -> None:
    read = code(
        "read",
        "def main(picture): return {'n': picture['size']}",
        NUMBER,
        variables=given(picture=["start", "picture"]),
    )
    graph = only(read)
    graph["nodes"][0] = node("start", "start", variables=[PICTURE])
    graph["nodes"][-1] = end(n=["read", "n"])
    flow = flows.made(graph)
    picture = {"transfer_method": "remote_url", "type": "image", "url": f"{canary.url}/a.png"}
    body = {"inputs": {"picture": picture}, "user": "ann"}
    url = f"{flow.url}/v1/apps/{flow.app_id}/runs"

    by_nobody = httpx.post(url, json=body)
    answer = httpx.post(url, json=body, headers=flow.headers, timeout=30)

    assert by_nobody.status_code == 401
    assert answer.json()["data"]["error"]["code"] == "outbound_address_forbidden"
    assert canary.heard == []


def test_dify_35947_no_other_client_goes_around_the_guard(flows: Flows, canary: Canary) -> None:
    """Every route that takes an address, of whatever name, is handed the canary's."""
    document = httpx.get(f"{flows.product.url}/openapi.json").json()
    takers = sorted(set(_takers_of_addresses(document)))
    provider = {
        "kind": "openai_compatible",
        "name": "inside",
        "base_url": f"{canary.url}/v1",
        "api_key": "sk-0123456789abcdefghij",
    }
    with httpx.Client(base_url=flows.product.url, headers=flows.owner, timeout=30) as client:
        made = client.post("/v1/model-providers", json=provider)
        outside = client.post("/v1/model-providers", json=provider | {"base_url": OUTSIDE})
        path = f"/v1/model-providers/{outside.json()['data']['id']}"
        moved = client.patch(
            path,
            json={"base_url": canary.url, "api_key": provider["api_key"]},
            headers={"If-Match": outside.headers["ETag"]},
        )

    for refused in (made, moved):
        assert refused.status_code == 422
        assert refused.json()["code"] == "model_base_url_invalid"
    assert canary.heard == []
    # A new one wants a case here, or in the suite of hostile addresses.
    assert takers == KNOWN_TAKERS


#: Messages name files, which are read as above; the others name servers of models.
KNOWN_TAKERS = [
    "PATCH /v1/model-providers/{provider_id}",
    "POST /v1/apps/{app_id}/messages",
    "POST /v1/model-providers",
]


def _takers_of_addresses(document: dict[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            content = told.get("requestBody", {}).get("content", {})
            if any(f"_{name}".endswith("_url") for name in _names(content, schemas, set())):
                yield f"{method.upper()} {path}"


def _names(part: Any, schemas: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """The names of all fields of a schema, through its references."""
    if isinstance(part, list):
        for each in part:
            yield from _names(each, schemas, seen)
    if not isinstance(part, dict):
        return
    reference = str(part.get("$ref", "")).rpartition("/")[2]
    if reference and reference not in seen:
        seen.add(reference)
        yield from _names(schemas[reference], schemas, seen)
    yield from part.get("properties", {})
    for each in part.values():
        yield from _names(each, schemas, seen)
