"""Limits by address before authentication, by tenant and caller after it."""

import httpx
import pytest

from tests.unit.entrypoints.http.parts import ACCOUNT, TENANT, Parts


async def test_a_granted_request_shows_what_is_left(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/lamps")

    assert answer.headers["ratelimit-limit"] == "50"
    assert answer.headers["ratelimit-remaining"] == "49"
    assert answer.headers["ratelimit-reset"] == "2"


async def test_a_caller_who_asks_too_often_waits(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.limiter.taken[f"caller:{ACCOUNT}"] = 50

    answer = await client.get("/v1/lamps")

    assert (answer.status_code, answer.json()["code"]) == (429, "sys_rate_limited")
    assert answer.headers["retry-after"] == "3"


async def test_a_tenant_has_one_limit_for_all_its_callers(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.limiter.taken[f"tenant:{TENANT}"] = 100

    assert (await client.get("/v1/lamps")).status_code == 429


async def test_an_address_is_limited_before_anyone_knows_who_asks(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    parts.limiter.taken["address:127.0.0.1"] = 1000

    answer = await client.get("/v1/lamps", headers={"authorization": "Bearer bad"})

    assert answer.status_code == 429


async def test_signing_in_has_a_narrower_limit(client: httpx.AsyncClient) -> None:
    statuses = [(await client.post("/v1/auth/login")).status_code for _ in range(3)]

    assert statuses == [404, 404, 429]


async def test_forms_have_one_for_answers_and_a_wider_one_for_files(
    client: httpx.AsyncClient,
) -> None:
    files = [(await client.post("/v1/forms/token/files")).status_code for _ in range(4)]
    answers = [(await client.post("/v1/forms/token")).status_code for _ in range(3)]

    assert files == [404, 404, 404, 429]
    assert answers == [404, 404, 429]


async def test_health_is_never_limited(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.limiter.taken["address:127.0.0.1"] = 1000

    assert (await client.get("/health/live")).status_code == 200


async def test_a_lost_limiter_locks_nobody_out(client: httpx.AsyncClient, parts: Parts) -> None:
    parts.limiter.down = True

    answer = await client.get("/v1/lamps")

    assert answer.status_code == 200
    assert "ratelimit-limit" not in answer.headers


async def test_the_address_is_the_first_that_is_no_proxy(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    await client.get("/v1/lamps", headers={"x-forwarded-for": "6.6.6.6, 9.9.9.9, 127.0.0.3"})

    assert parts.limiter.taken["address:9.9.9.9"] == 1


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
    ],
)
async def test_all_addresses_of_one_subscriber_share_a_limit(
    client: httpx.AsyncClient, parts: Parts, address: str, counted: str
) -> None:
    await client.get("/v1/lamps", headers={"x-forwarded-for": address})

    assert parts.limiter.taken[f"address:{counted}"] == 1
