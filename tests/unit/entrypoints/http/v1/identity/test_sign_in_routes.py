"""Where credentials may stand in a request, and how the refresh cookie travels."""

from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest

from dify_hex.application.account.create_api_key import CreateApiKeyCommand
from dify_hex.domain.account.permissions import Permission
from tests.builders.account import PASSWORD, TENANT, a_person
from tests.fakes.identity import Identity

LOGIN = {"email": "ada@example.com", "password": PASSWORD}
COOKIE = "dify_hex_refresh"


@pytest.fixture(autouse=True)
async def owner(identity: Identity) -> None:
    await identity.given_owner()


@pytest.fixture
async def key(identity: Identity) -> str:
    command = CreateApiKeyCommand(name="bot", scopes=frozenset({Permission.APP_READ}))
    return (await identity.create_api_key.execute(a_person(), command)).secret


def cookie_in(answer: httpx.Response) -> SimpleCookie:
    return SimpleCookie(answer.headers["set-cookie"])


async def token(client: httpx.AsyncClient) -> str:
    found: str = (await client.post("/v1/auth/login", json=LOGIN)).json()["data"]["access_token"]
    return found


async def test_signing_in_gives_a_token_and_a_cookie_that_scripts_cannot_read(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/auth/login", json=LOGIN)

    data = answer.json()["data"]
    cookie = cookie_in(answer)[COOKIE]
    assert (data["token_type"], data["expires_in"], data["role"]) == ("Bearer", 900, "owner")
    assert (cookie["path"], cookie["samesite"]) == ("/v1/auth", "strict")
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie.value not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_over_plain_http_the_cookie_is_not_lost(client: httpx.AsyncClient) -> None:
    answer = await client.post("http://test/v1/auth/login", json=LOGIN)

    assert not cookie_in(answer)[COOKIE]["secure"]


async def test_refreshing_exchanges_the_cookie(client: httpx.AsyncClient) -> None:
    await client.post("/v1/auth/login", json=LOGIN)
    before = client.cookies[COOKIE]

    answer = await client.post("/v1/auth/refresh")

    assert answer.status_code == 200
    assert client.cookies[COOKIE] != before
    access = answer.json()["data"]["access_token"]
    asked = await client.get("/v1/probe", headers={"authorization": f"Bearer {access}"})
    assert asked.status_code == 204


async def test_a_cookie_used_twice_ends_the_session(
    client: httpx.AsyncClient, identity: Identity
) -> None:
    await client.post("/v1/auth/login", json=LOGIN)
    stolen = client.cookies[COOKIE]
    access = (await client.post("/v1/auth/refresh")).json()["data"]["access_token"]
    honest = client.cookies[COOKIE]
    identity.clock.turn(timedelta(seconds=30))

    async def refresh(cookie: str) -> tuple[int, str]:
        client.cookies.clear()
        headers = {"cookie": f"{COOKIE}={cookie}"}
        answer = await client.post("/v1/auth/refresh", headers=headers)
        return answer.status_code, answer.json()["code"]

    assert await refresh(stolen) == (401, "auth_token_reused")
    assert await refresh(honest) == (401, "auth_session_ended")
    asked = await client.get("/v1/probe", headers={"authorization": f"Bearer {access}"})
    assert (asked.status_code, asked.json()["code"]) == (401, "auth_token_invalid")


async def test_without_a_cookie_there_is_nothing_to_refresh(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/auth/refresh")

    assert (answer.status_code, answer.json()["code"]) == (401, "auth_session_ended")


async def test_logging_out_drops_the_cookie_and_the_token(client: httpx.AsyncClient) -> None:
    bearer = {"authorization": f"Bearer {await token(client)}"}

    answer = await client.post("/v1/auth/logout", headers=bearer)

    assert answer.status_code == 204
    assert cookie_in(answer)[COOKIE]["max-age"] == "0"
    assert (await client.get("/v1/probe", headers=bearer)).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_token_stands_in_the_authorization_header(
    client: httpx.AsyncClient, scheme: str
) -> None:
    headers = {"authorization": f"{scheme} {await token(client)}"}

    assert (await client.get("/v1/probe", headers=headers)).status_code == 204


async def test_a_key_stands_wherever_its_caller_can_put_it(
    client: httpx.AsyncClient, key: str
) -> None:
    for options in (
        {"headers": {"authorization": f"Bearer {key}"}},
        {"headers": {"x-api-key": key}},
        {"params": {"api_key": key}},
    ):
        asked = await client.request("GET", "/v1/probe", **options)  # type: ignore[arg-type] # rows
        assert asked.status_code == 204


async def test_a_key_in_the_address_is_good_for_reading_only(
    client: httpx.AsyncClient, key: str
) -> None:
    answer = await client.post("/v1/probe", params={"api_key": key})

    assert (answer.status_code, answer.json()["code"]) == (401, "auth_required")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer  "},
        {"authorization": "Basic YWRhOng="},
        {"x-api-key": ""},
    ],
)
async def test_without_credentials_one_is_asked_for_them(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get("/v1/probe", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "auth_required")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_bad_authorization_is_not_made_good_by_another_place(
    client: httpx.AsyncClient, key: str
) -> None:
    headers = {"authorization": "Basic YWRhOng=", "x-api-key": key}

    assert (await client.get("/v1/probe", headers=headers)).status_code == 401


async def test_credentials_are_for_one_tenant(client: httpx.AsyncClient, key: str) -> None:
    async def asked_for(tenant: str) -> tuple[int, str]:
        headers = {"x-api-key": key, "x-tenant-id": tenant}
        answer = await client.get("/v1/probe", headers=headers)
        return answer.status_code, answer.json()["code"] if answer.content else ""

    assert await asked_for(str(TENANT)) == (204, "")
    assert await asked_for("00000000-0000-0000-0000-000000000099") == (403, "auth_tenant_mismatch")
    assert await asked_for("mine") == (403, "auth_tenant_mismatch")


async def test_a_wrong_password_is_told_in_the_readers_language(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(
        "/v1/auth/login",
        json={**LOGIN, "password": "wrong"},
        headers={"accept-language": "zh"},
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "auth_login_failed")
    assert "邮箱或密码错误" in answer.json()["message"]


async def test_too_many_tries_say_when_to_come_back(client: httpx.AsyncClient) -> None:
    for _ in range(20):
        await client.post("/v1/auth/login", json={**LOGIN, "password": "wrong"})

    answer = await client.post("/v1/auth/login", json=LOGIN)

    assert (answer.status_code, answer.json()["code"]) == (429, "auth_too_many_tries")
    assert answer.headers["retry-after"] == "10"
