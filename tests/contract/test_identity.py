"""Members, tenants and keys over HTTP, on the real thing."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dify_hex.domain.account.permissions import Role
from tests.contract.running_api import RunningApi
from tests.contract.stored_text import everything_stored
from tests.contract.world import PASSWORD, World
from tests.fakes.servers import RunningServers

Json = dict[str, Any]


@pytest.fixture
async def visitor(api: RunningApi) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own, signed in nowhere."""
    async with httpx.AsyncClient(base_url=api.url, timeout=30) as visitor:
        yield visitor


async def data_of(answer: httpx.Response) -> Json:
    assert answer.is_success, answer.text
    found: Json = answer.json()["data"]
    return found


async def newcomer(client: httpx.AsyncClient, role: str = "viewer") -> tuple[str, str]:
    """A new member with a password; the account's id and its e-mail."""
    email = f"{uuid4().hex}@example.com"
    body = {"email": email, "name": "New", "role": role}
    added = await data_of(await client.post("/v1/members", json=body))
    chosen = await client.post(added["setup_path"], data={"password": PASSWORD})
    assert chosen.status_code == 200
    return added["account_id"], email


async def sign_in(visitor: httpx.AsyncClient, email: str) -> None:
    """Sign the visitor in."""
    answer = await visitor.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
    token = (await data_of(answer))["access_token"]
    visitor.headers["authorization"] = f"Bearer {token}"


async def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_newcomer_signs_in_and_sees_who_they_are(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    account_id, email = await newcomer(client, "editor")
    await sign_in(visitor, email)

    me = await data_of(await visitor.get("/v1/accounts/me"))

    assert (me["id"], me["email"], me["role"]) == (account_id, email, "editor")
    assert [tenant["id"] for tenant in me["tenants"]] == [me["tenant_id"]]
    assert "app:write" in me["permissions"]
    assert "member:write" not in me["permissions"]


async def test_a_changed_role_and_a_removal_hold_at_the_next_request(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    account_id, email = await newcomer(client, "admin")
    await sign_in(visitor, email)
    assert (await visitor.get("/v1/members")).status_code == 200

    changed = await client.patch(
        f"/v1/members/{account_id}", json={"role": "viewer"}, headers={"if-match": '"1"'}
    )
    assert (changed.json()["data"]["role"], changed.headers["etag"]) == ("viewer", '"2"')
    assert await code_of(await visitor.get("/v1/members")) == (403, "auth_insufficient_scope")

    assert (await client.delete(f"/v1/members/{account_id}")).status_code == 204
    assert await code_of(await visitor.get("/v1/accounts/me")) == (401, "auth_token_invalid")
    assert await code_of(await visitor.post("/v1/auth/refresh")) == (401, "auth_session_ended")
    assert await code_of(await client.get(f"/v1/members/{account_id}")) == (
        404,
        "member_not_found",
    )


async def test_the_last_owner_stays_and_an_old_reading_is_refused(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    me = await data_of(await client.get("/v1/accounts/me"))
    account_id, _ = await newcomer(client)

    demoted = await client.patch(f"/v1/members/{me['id']}", json={"role": "viewer"})
    stale = await client.patch(
        f"/v1/members/{account_id}", json={"role": "editor"}, headers={"if-match": '"9"'}
    )

    assert await code_of(demoted) == (409, "member_last_owner")
    assert await code_of(stale) == (409, "biz_concurrent_modification")


async def test_an_account_of_strangers_is_not_let_in(
    client: httpx.AsyncClient, world: World
) -> None:
    _, email = await newcomer(client)
    body = {"email": email, "name": "New", "role": "viewer"}

    added = world.call("POST", "/v1/members", world.other_owner, json=body)

    assert (added.status_code, added.json()["code"]) == (409, "member_account_exists_elsewhere")


async def test_members_come_by_page(client: httpx.AsyncClient) -> None:
    await newcomer(client)

    answer = await client.get("/v1/members", params={"limit": 1, "sort": "-joined_at"})

    assert len(answer.json()["data"]) == 1
    assert answer.json()["pagination"]["has_next"]


async def test_refresh_tokens_rotate_and_an_old_one_ends_the_session(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    _, email = await newcomer(client)
    await sign_in(visitor, email)
    first = visitor.cookies["dify_hex_refresh"]
    for _ in range(2):
        assert (await visitor.post("/v1/auth/refresh")).status_code == 200
    assert (await visitor.get("/v1/accounts/me")).status_code == 200

    stolen = await client.post("/v1/auth/refresh", headers={"cookie": f"dify_hex_refresh={first}"})

    assert await code_of(stolen) == (401, "auth_token_reused")
    assert await code_of(await visitor.post("/v1/auth/refresh")) == (401, "auth_session_ended")
    assert await code_of(await visitor.get("/v1/accounts/me")) == (401, "auth_token_invalid")


async def test_another_password_ends_the_other_sessions(
    client: httpx.AsyncClient, api: RunningApi, visitor: httpx.AsyncClient
) -> None:
    _, email = await newcomer(client)
    await sign_in(visitor, email)
    async with httpx.AsyncClient(base_url=api.url, timeout=30) as elsewhere:
        await sign_in(elsewhere, email)
        body = {"present_password": PASSWORD, "new_password": "brisk-otter-sings-9"}

        wrong = await visitor.post(
            "/v1/auth/change-password", json={**body, "present_password": "wrong"}
        )
        changed = await visitor.post("/v1/auth/change-password", json=body)

        assert await code_of(wrong) == (403, "account_password_wrong")
        assert changed.status_code == 200
        assert (await elsewhere.get("/v1/accounts/me")).status_code == 401
        assert (await visitor.get("/v1/accounts/me")).status_code == 401
        token = changed.json()["data"]["access_token"]
        mine = await visitor.get("/v1/accounts/me", headers={"authorization": f"Bearer {token}"})
        assert mine.status_code == 200


async def test_an_owner_opens_another_tenant_and_goes_over(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    _, email = await newcomer(client, "owner")
    await sign_in(visitor, email)
    tenant = await data_of(await visitor.post("/v1/tenants", json={"name": "Zweigstelle"}))

    switched = await data_of(
        await visitor.post("/v1/auth/switch-tenant", json={"tenant_id": tenant["id"]})
    )
    assert (await visitor.get("/v1/accounts/me")).status_code == 401
    visitor.headers["authorization"] = f"Bearer {switched['access_token']}"

    shown = await visitor.get("/v1/tenants/current")
    renamed = await visitor.patch(
        "/v1/tenants/current",
        json={"name": "Hauptstelle"},
        headers={"if-match": shown.headers["etag"]},
    )
    assert (shown.json()["data"]["id"], shown.json()["data"]["name"]) == (
        tenant["id"],
        "Zweigstelle",
    )
    assert renamed.json()["data"]["name"] == "Hauptstelle"
    assert renamed.json()["data"]["slug"] == shown.json()["data"]["slug"]
    nowhere = await visitor.post("/v1/auth/switch-tenant", json={"tenant_id": str(uuid4())})
    assert await code_of(nowhere) == (404, "tenant_not_found")


async def test_a_key_is_shown_once_and_revoked_for_the_very_next_request(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    body = {"name": "bot", "scopes": ["app:read", "key:read"]}
    made = await data_of(await client.post("/v1/api-keys", json=body))
    visitor.headers["x-api-key"] = made["secret"]

    shown = await data_of(await visitor.get(f"/v1/api-keys/{made['id']}"))
    assert shown["hint"] == f"{made['secret'][:7]}…{made['secret'][-4:]}"
    assert "secret" not in shown

    assert (await client.delete(f"/v1/api-keys/{made['id']}")).status_code == 204
    assert await code_of(await visitor.get("/v1/apps")) == (401, "auth_key_revoked")
    listed = (await client.get("/v1/api-keys")).json()["data"]
    assert next(key for key in listed if key["id"] == made["id"])["revoked_at"]


async def test_a_key_bound_to_an_app_reaches_that_app_only(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient
) -> None:
    apps = [
        await data_of(await client.post("/v1/apps", json={"name": uuid4().hex})) for _ in range(2)
    ]
    body = {"name": "bot", "scopes": ["app:read"], "app_id": apps[0]["id"]}
    made = await data_of(await client.post("/v1/api-keys", json=body))
    visitor.headers["x-api-key"] = made["secret"]

    assert (await visitor.get(f"/v1/apps/{apps[0]['id']}")).status_code == 200
    assert await code_of(await visitor.get(f"/v1/apps/{apps[1]['id']}")) == (
        403,
        "auth_key_bound_to_other_app",
    )
    listed = await client.get("/v1/api-keys", params={"app_id": apps[0]["id"]})
    assert [key["id"] for key in listed.json()["data"]] == [made["id"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scopes": []}, "biz_validation_failed"),
        ({"scopes": ["moon:walk"]}, "biz_validation_failed"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "key_expiry_in_past"),
        ({"expires_at": "2099-01-01T00:00:00"}, "biz_validation_failed"),
        ({"name": "\u202e"}, "account_name_invalid"),
        ({"app_id": str(uuid4())}, "key_app_not_found"),
    ],
)
async def test_a_key_that_cannot_be_is_not_made(
    client: httpx.AsyncClient, changes: Json, code: str
) -> None:
    body = {"name": "bot", "scopes": ["app:read"], **changes}

    answer = await client.post("/v1/api-keys", json=body)

    assert answer.json()["code"] == code


async def test_a_repeated_request_makes_one_key_and_tells_no_secret(
    client: httpx.AsyncClient, database: RunningServers
) -> None:
    headers = {"idempotency-key": uuid4().hex}
    body = {"name": uuid4().hex, "scopes": ["app:read"]}

    first = await data_of(await client.post("/v1/api-keys", json=body, headers=headers))
    again = await data_of(await client.post("/v1/api-keys", json=body, headers=headers))

    assert again == {**first, "secret": None}
    stored = await everything_stored(database.admin_url)
    assert first["id"] in stored
    assert first["secret"] not in stored


async def test_no_secret_is_stored_in_the_clear(
    client: httpx.AsyncClient, visitor: httpx.AsyncClient, database: RunningServers
) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "name": "New", "role": "viewer"}
    headers = {"idempotency-key": uuid4().hex}
    added = await data_of(await client.post("/v1/members", json=body, headers=headers))
    await client.post(added["setup_path"], data={"password": PASSWORD})
    await sign_in(visitor, body["email"])
    refresh = visitor.cookies["dify_hex_refresh"]

    stored = await everything_stored(database.admin_url)

    assert body["email"] in stored
    for secret in (
        PASSWORD,
        added["setup_path"].rpartition("/")[2],
        refresh,
        refresh.partition(".")[0],
        refresh.partition(".")[2],
    ):
        assert secret not in stored


async def test_what_happens_to_identities_is_kept_for_the_record(
    client: httpx.AsyncClient, database: RunningServers
) -> None:
    body = {"name": "bot", "scopes": ["app:read"]}
    made = await data_of(await client.post("/v1/api-keys", json=body))
    await client.delete(f"/v1/api-keys/{made['id']}")

    stored = await everything_stored(database.admin_url)
    for event in ("api_key.created", "api_key.revoked", "account.logged_in", "member.added"):
        assert event in stored


async def test_an_admin_cannot_reach_above_themself(world: World) -> None:
    admin = world.tokens[Role.ADMIN]
    body = {"email": f"{uuid4().hex}@example.com", "name": "New", "role": "owner"}

    added = world.call("POST", "/v1/members", admin, json=body)
    key = {"name": "bot", "scopes": ["tenant:write"]}
    made = world.call("POST", "/v1/api-keys", admin, json=key)

    assert (added.status_code, added.json()["code"]) == (403, "member_role_above_own")
    assert (made.status_code, made.json()["code"]) == (403, "key_scope_above_own")


async def test_a_credential_for_another_tenant_than_the_header_names_is_refused(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/apps", headers={"x-tenant-id": str(uuid4())})

    assert await code_of(answer) == (403, "auth_tenant_mismatch")
