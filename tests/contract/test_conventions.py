"""The conventions of all routes, on the running API over its real servers."""

import asyncio
import socket
from contextlib import closing
from uuid import uuid4

import httpx

from dify_hex.domain.account.permissions import Role
from tests.contract.running_api import RunningApi
from tests.contract.world import World


async def test_a_post_with_a_key_is_done_once(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    body = {"name": f"Once {uuid4()}"}

    first = await client.post("/v1/apps", json=body, headers=key)
    again = await client.post("/v1/apps", json=body, headers=key)
    other = await client.post("/v1/apps", json={"name": "Other"}, headers=key)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "biz_idempotency_key_reused")


async def test_a_key_sent_at_once_is_still_done_once(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    body = {"name": f"Race {uuid4()}"}

    answers = await asyncio.gather(
        *(client.post("/v1/apps", json=body, headers=key) for _ in range(8))
    )

    made = {answer.headers["location"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


async def test_keys_of_two_callers_do_not_meet(world: World, client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    body = {"name": f"Both {uuid4()}"}

    ours = await client.post("/v1/apps", json=body, headers=key)
    theirs = world.call("POST", "/v1/apps", world.other_owner, json=body, headers=key)

    assert ours.status_code == theirs.status_code == 201
    assert ours.headers["location"] != theirs.headers["location"]


async def test_a_secret_is_not_repeated(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    body = {"name": "once", "scopes": ["app:read"]}

    first = await client.post("/v1/api-keys", json=body, headers=key)
    again = await client.post("/v1/api-keys", json=body, headers=key)

    assert first.json()["data"]["secret"].startswith("sk-")
    assert again.json()["data"]["id"] == first.json()["data"]["id"]
    assert again.json()["data"]["secret"] is None


async def test_credentials_come_in_three_ways(world: World, api: RunningApi) -> None:
    async with httpx.AsyncClient(base_url=api.url) as anyone:
        bearer = await anyone.get("/v1/apps", headers={"authorization": f"Bearer {world.key}"})
        header = await anyone.get("/v1/apps", headers={"x-api-key": world.key})
        query = await anyone.get("/v1/apps", params={"api_key": world.key})
        posted = await anyone.post("/v1/apps", params={"api_key": world.key}, json={"name": "x"})

    assert [a.status_code for a in (bearer, header, query, posted)] == [200, 200, 200, 401]


async def test_limits_are_told(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/v1/apps")).headers

    assert 0 < int(headers["ratelimit-remaining"]) < int(headers["ratelimit-limit"])


async def test_an_old_version_is_not_overwritten(client: httpx.AsyncClient) -> None:
    made = await client.post("/v1/apps", json={"name": f"Stale {uuid4()}"})
    path, etag = made.headers["location"], {"if-match": made.headers["etag"]}

    first = await client.patch(path, json={"description": "a"}, headers=etag)
    second = await client.patch(path, json={"description": "b"}, headers=etag)

    assert first.status_code == 200
    assert first.headers["etag"] != made.headers["etag"]
    assert (second.status_code, second.json()["code"]) == (409, "biz_concurrent_modification")


async def test_broken_callers_leave_the_process_as_it_was(
    api: RunningApi, client: httpx.AsyncClient
) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    head = b"POST /v1/apps HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    started = [
        head + b"content-length: 100000\r\n\r\n{",
        head + b'transfer-encoding: chunked\r\n\r\n5\r\n{"a":',
        head + b"content-length: 10\r\n\r\n",
        b"GET /v1/apps HTTP/1.1\r\nhost",
        b"\x00" * 100,
    ]
    for _ in range(40):
        for part in started:
            with closing(socket.create_connection((host, int(port)))) as connection:
                connection.sendall(part)

    answer = await client.get("/health/ready")

    assert answer.status_code == 200


async def test_slow_bodies_cost_no_connection_of_the_database(
    api: RunningApi, world: World, client: httpx.AsyncClient
) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    token = world.tokens[Role.OWNER]
    head = (
        f"POST /v1/apps HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
        "content-type: application/json\r\ncontent-length: 50\r\n\r\n{"
    ).encode()
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    for connection in slow:
        connection.sendall(head)

    answers = await asyncio.gather(*(client.get("/v1/apps") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    first = await asyncio.to_thread(_first_line, slow[0])
    assert first.startswith(b"HTTP/1.1 408")
    for connection in slow:
        connection.close()


def _first_line(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    return connection.recv(4096)
