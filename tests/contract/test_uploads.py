"""Files on their way in: what is taken, what is refused, and what a broken upload leaves."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from dify_hex.domain.account.permissions import Role
from tests.contract.handing_in import MEGABYTE, PNG, hand_in, handed_in, refusal, stored_below
from tests.contract.running_api import RunningApi
from tests.contract.world import World

FORM = {"content-type": "multipart/form-data; boundary=x"}
FILM_PART = (
    b'--x\r\ncontent-disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
    b"\x00\x00\x00\x18ftypisom"
)


@asynccontextmanager
async def connected(
    api: RunningApi, world: World, *, length: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which an upload of so many bytes has been announced."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {world.tokens[Role.OWNER]}"
        f"\r\ncontent-type: {FORM['content-type']}\r\ncontent-length: {length}\r\n\r\n"
    )
    writer.write(head.encode())
    yield reader, writer
    writer.close()
    await writer.wait_closed()


async def test_a_file_comes_back_as_it_was_handed_in(client: httpx.AsyncClient) -> None:
    answer = await hand_in(client, user="ann")
    file = answer.json()["data"]

    shown = await client.get(answer.headers["location"])
    content = await client.get(f"{answer.headers['location']}/content")

    assert shown.json()["data"] == file
    assert content.content == PNG
    assert (file["kind"], file["media_type"], file["extension"]) == ("image", "image/png", "png")
    assert (file["size"], file["sha256"]) == (len(PNG), sha256(PNG).hexdigest())
    assert (file["name"], file["user"], file["expires_at"]) == ("photo.png", "ann", None)


async def test_a_large_file_passes_through(client: httpx.AsyncClient) -> None:
    film = b"\x00\x00\x00\x18ftypisom" + os.urandom(20 * MEGABYTE)

    file = await handed_in(client, film, "film.mp4")
    content = await client.get(f"/v1/files/{file['id']}/content")

    assert file["size"] == len(film)
    assert content.content == film


async def test_fields_may_come_before_and_after_the_file(
    api: RunningApi, client: httpx.AsyncClient
) -> None:
    def part(head: str, body: str) -> str:
        return f"--x\r\ncontent-disposition: form-data; {head}\r\n\r\n{body}\r\n"

    file = part('name="file"; filename="a.txt"', "Hello")
    before = part('name="user"', "ann") + file + "--x--\r\n"
    after = file + part('name="user"', "bob") + part('name="expires_in"', "3600") + "--x--\r\n"

    first = await client.post("/v1/files", content=before, headers=FORM)
    second = await client.post("/v1/files", content=after, headers=FORM)

    assert (first.status_code, first.json()["data"]["user"]) == (201, "ann")
    assert second.json()["data"]["user"] == "bob"
    ends = datetime.fromisoformat(second.json()["data"]["expires_at"])
    assert timedelta(minutes=59) < ends - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("content", "name", "media_type", "status", "code"),
    [
        (PNG, "plan.pdf", "application/pdf", 415, "file_media_type_unsupported"),
        (b"\x7fELF\x02\x01\x01\x00", "photo.png", "image/png", 415, "file_media_type_unsupported"),
        (PNG, "photo.png", "video/mp4", 415, "file_media_type_unsupported"),
        (b"", "photo.png", "image/png", 422, "file_empty"),
        (PNG, "../../etc/passwd", "image/png", 422, "file_name_invalid"),
        (PNG, "a\\..\\b.png", "image/png", 422, "file_name_invalid"),
        (PNG, "x" * 300, "image/png", 422, "file_name_invalid"),
        (PNG, "..", "image/png", 422, "file_name_invalid"),
        (PNG + bytes(10 * MEGABYTE), "photo.png", "image/png", 413, "file_too_large"),
    ],
)
async def test_what_is_refused_says_why_and_leaves_nothing(
    api: RunningApi,
    client: httpx.AsyncClient,
    content: bytes,
    name: str,
    media_type: str,
    status: int,
    code: str,
) -> None:
    before = stored_below(api)

    answer = await hand_in(client, content, name, media_type)

    assert refusal(answer) == (status, code)
    assert stored_below(api) == before


async def test_what_is_larger_than_any_file_is_not_even_read(api: RunningApi, world: World) -> None:
    async with connected(api, world, length=2 * 10**9) as (reader, _):
        assert b"413" in await asyncio.wait_for(reader.readline(), 5)


HELLO_PART = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nHello'


@pytest.mark.parametrize(
    ("content", "options", "status", "code"),
    [
        (b"x", "", 400, "biz_malformed_form"),
        (b"x", f"; boundary={'x' * 300}", 400, "biz_malformed_form"),
        (b"x", "; boundary=x", 400, "biz_malformed_form"),
        (b"--x\r\n", "; boundary=x", 400, "biz_malformed_form"),
        (HELLO_PART, "; boundary=x", 400, "biz_malformed_form"),
        (HELLO_PART.replace(b"a.t", b"\xff"), "; boundary=x", 400, "biz_malformed_form"),
        (b"--x\r\nx: " + b"y" * 10_000 + b"\r\n\r\n", "; boundary=x", 400, "biz_malformed_form"),
        (b"--x--\r\n", "; boundary=x", 422, "biz_validation_failed"),
        (
            HELLO_PART.replace(b'; filename="a.txt"', b"") + b"\r\n--x--",
            "; boundary=x",
            422,
            "biz_validation_failed",
        ),
    ],
)
async def test_a_form_that_cannot_be_meant_is_refused(
    api: RunningApi,
    client: httpx.AsyncClient,
    content: bytes,
    options: str,
    status: int,
    code: str,
) -> None:
    before = stored_below(api)
    headers = {"content-type": f"multipart/form-data{options}"}

    answer = await client.post("/v1/files", content=content, headers=headers)

    assert refusal(answer) == (status, code)
    assert stored_below(api) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"user": " "},
        {"user": "x" * 256},
        {"expires_in": "5"},
        {"expires_in": "soon"},
        {"more": "x"},
    ],
)
async def test_wrong_fields_are_named(
    api: RunningApi, client: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    before = stored_below(api)

    answer = await client.post("/v1/files", files={"file": ("photo.png", PNG)}, data=fields)

    assert refusal(answer) == (422, "biz_validation_failed")
    assert answer.json()["details"]["fields"][0]["field"] == next(iter(fields))
    assert stored_below(api) == before


async def test_a_body_that_is_no_form_is_refused(client: httpx.AsyncClient) -> None:
    assert refusal(await client.post("/v1/files", json={})) == (415, "biz_media_type_not_supported")
    assert refusal(await client.post("/v1/files")) == (415, "biz_media_type_not_supported")


async def test_a_form_carries_one_file(client: httpx.AsyncClient) -> None:
    two = [("file", ("a.txt", b"Hello")), ("file", ("b.txt", b"Hello"))]

    assert refusal(await client.post("/v1/files", files=two)) == (422, "biz_validation_failed")


async def test_a_sender_that_hangs_up_leaves_nothing(
    api: RunningApi, world: World, client: httpx.AsyncClient
) -> None:
    before = stored_below(api)
    async with connected(api, world, length=9 * MEGABYTE) as (_, writer):
        writer.write(FILM_PART + bytes(8 * MEGABYTE))
        await writer.drain()
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.3)

    assert stored_below(api) == before
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_sender_that_falls_silent_is_not_waited_for(client: httpx.AsyncClient) -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield HELLO_PART
        await asyncio.sleep(3)

    answer = await client.post("/v1/files", content=silent(), headers=FORM)

    assert refusal(answer) == (408, "biz_body_timed_out")


async def test_the_same_file_twice_is_two_files(client: httpx.AsyncClient) -> None:
    first, second = await handed_in(client), await handed_in(client)

    assert first["id"] != second["id"]
    assert first["sha256"] == second["sha256"]


async def test_an_upload_with_a_key_is_done_once(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    part = {"file": ("photo.png", PNG)}

    first = await client.post("/v1/files", files=part, headers=key)
    again = await client.post("/v1/files", files=part, headers=key)
    other = await client.post("/v1/files", files={"file": ("a.txt", b"Hello")}, headers=key)

    assert first.status_code == 201
    assert again.content == first.content
    assert refusal(other) == (409, "biz_idempotency_key_reused")


async def test_another_file_of_the_same_length_is_another_request(
    client: httpx.AsyncClient,
) -> None:
    key = {"idempotency-key": str(uuid4())}
    # Over several messages of the server's.
    first, other = b"a" * 300_000, b"a" * 299_999 + b"b"

    kept = await client.post("/v1/files", files={"file": ("a.txt", first)}, headers=key)
    differs = await client.post("/v1/files", files={"file": ("a.txt", other)}, headers=key)
    renamed = await client.post("/v1/files", files={"file": ("b.txt", first)}, headers=key)
    again = await client.post("/v1/files", files={"file": ("a.txt", first)}, headers=key)

    assert kept.status_code == 201
    assert refusal(differs) == (409, "biz_idempotency_key_reused")
    assert refusal(renamed) == (409, "biz_idempotency_key_reused")
    assert again.content == kept.content
