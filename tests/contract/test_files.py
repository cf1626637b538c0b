"""Files over HTTP: handed in, looked at, fetched, passed on, deleted."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from dify_hex.adapters.persistence.engine import driver_dsn
from dify_hex.domain.account.permissions import Role
from tests.contract.running_api import RunningApi
from tests.contract.talking import Json, published, said, say
from tests.contract.world import World
from tests.fakes.servers import RunningServers

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
MEGABYTE = 1 << 20
FORM = {"content-type": "multipart/form-data; boundary=x"}
FILM_PART = (
    b'--x\r\ncontent-disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
    b"\x00\x00\x00\x18ftypisom"
)


async def hand_in(
    client: httpx.AsyncClient,
    content: bytes = PNG,
    name: str = "photo.png",
    media_type: str = "image/png",
    **fields: str,
) -> httpx.Response:
    part = (name, content, media_type)
    return await client.post("/v1/files", files={"file": part}, data=fields)


async def handed_in(
    client: httpx.AsyncClient,
    content: bytes = PNG,
    name: str = "photo.png",
    media_type: str = "application/octet-stream",
    **fields: str,
) -> Json:
    answer = await hand_in(client, content, name, media_type, **fields)
    assert answer.status_code == 201, answer.text
    data: Json = answer.json()["data"]
    return data


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


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


def stored_below(api: RunningApi) -> list[Path]:
    folder = api.container.settings().storage_folder
    return [path for path in folder.rglob("*") if path.is_file()]


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
        (PNG, "gpj\u202e.png", "image/png", 422, "file_name_invalid"),
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
    async with connected(api, world, length=10**9) as (reader, _):
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


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-10", 206, slice(-10, None)),
        ("bytes=-999999", 206, slice(None)),
        ("bytes=5-999999", 206, slice(5, None)),
        ("bytes=3-1", 200, slice(None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
        ("nonsense", 200, slice(None)),
    ],
)
async def test_a_part_is_fetched_by_its_range(
    client: httpx.AsyncClient, asked: str, status: int, part: slice
) -> None:
    file = await handed_in(client)

    answer = await client.get(f"/v1/files/{file['id']}/content", headers={"range": asked})

    assert (answer.status_code, answer.content) == (status, PNG[part])
    if status == 206:
        start, end, _ = part.indices(len(PNG))
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(PNG)}"


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=999999-1000000", "bytes=-0"])
async def test_a_range_behind_the_end_is_refused(client: httpx.AsyncClient, asked: str) -> None:
    file = await handed_in(client)

    answer = await client.get(f"/v1/files/{file['id']}/content", headers={"range": asked})

    assert refusal(answer) == (416, "biz_range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(PNG)}"


async def test_who_has_the_content_is_not_sent_it_again(client: httpx.AsyncClient) -> None:
    file = await handed_in(client)
    place = f"/v1/files/{file['id']}/content"
    etag = (await client.get(place)).headers["etag"]

    again = await client.get(place, headers={"if-none-match": etag})
    changed = await client.get(place, headers={"if-range": '"other"', "range": "bytes=0-3"})
    same = await client.get(place, headers={"if-range": etag, "range": "bytes=0-3"})

    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, changed.content) == (200, PNG)
    assert (same.status_code, same.content) == (206, PNG[:4])


@pytest.mark.parametrize(
    ("content", "name", "disposition"),
    [
        (PNG, "photo.png", 'inline; filename="photo.png"'),
        (SVG, "photo.svg", 'attachment; filename="photo.svg"'),
        (b"<html><script>", "page.html", 'attachment; filename="page.html"'),
        (b"\x00\x01", "data", 'attachment; filename="data"'),
        (PNG, "计划.png", "inline; filename=\"__.png\"; filename*=UTF-8''%E8%AE%A1%E5%88%92.png"),
    ],
)
async def test_nothing_that_runs_is_shown_in_place(
    client: httpx.AsyncClient, content: bytes, name: str, disposition: str
) -> None:
    file = await handed_in(client, content, name)

    answer = await client.get(f"/v1/files/{file['id']}/content")
    download = await client.get(f"/v1/files/{file['id']}/content", params={"download": True})

    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["content-type"].partition(";")[0] == file["media_type"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert download.headers["content-disposition"].startswith("attachment")


async def test_a_picture_may_be_asked_for_as_a_picture(client: httpx.AsyncClient) -> None:
    file = await handed_in(client)
    picture = {"accept": "image/avif,image/webp,image/png"}

    shown = await client.get(f"/v1/files/{file['id']}/content", headers=picture)
    described = await client.get(f"/v1/files/{file['id']}", headers=picture)

    assert (shown.status_code, described.status_code) == (200, 406)


async def test_files_are_listed_from_the_latest_on(client: httpx.AsyncClient) -> None:
    user = f"user {uuid4()}"
    files = [await handed_in(client, user=user) for _ in range(3)]

    first = (await client.get("/v1/files", params={"user": user, "limit": 2})).json()
    after = first["pagination"]["next_cursor"]
    second = (await client.get("/v1/files", params={"user": user, "after": after})).json()

    listed = [file["id"] for file in first["data"] + second["data"]]
    assert listed == [file["id"] for file in reversed(files)]
    assert not second["pagination"]["has_more"]


async def test_a_deleted_file_is_gone(api: RunningApi, client: httpx.AsyncClient) -> None:
    before = stored_below(api)
    file = await handed_in(client)
    place = f"/v1/files/{file['id']}"

    assert (await client.delete(place)).status_code == 204

    for answer in (
        await client.get(place),
        await client.get(f"{place}/content"),
        await client.post(f"{place}/url"),
        await client.delete(place),
    ):
        assert refusal(answer) == (404, "file_not_found")
    assert stored_below(api) == before


async def test_a_file_whose_time_is_over_says_so(
    api: RunningApi, database: RunningServers, client: httpx.AsyncClient
) -> None:
    file = await handed_in(client, expires_in="60")
    await make_old(database.admin_url, file["id"])

    shown = await client.get(f"/v1/files/{file['id']}")
    listed = await client.get("/v1/files", params={"limit": 100})
    swept = api.do(api.container.files().sweep_expired_files().execute())
    after = await client.get(f"/v1/files/{file['id']}")

    assert refusal(shown) == (410, "file_expired")
    assert file["id"] not in listed.text
    assert swept >= 1
    assert refusal(after) == (404, "file_not_found")


async def test_a_file_is_another_end_users_only_by_name(client: httpx.AsyncClient) -> None:
    file = await handed_in(client, user="ann")
    place = f"/v1/files/{file['id']}"

    assert (await client.get(place, params={"user": "ann"})).status_code == 200
    for answer in (
        await client.get(place, params={"user": "bob"}),
        await client.get(f"{place}/content", params={"user": "bob"}),
        await client.post(f"{place}/url", json={"user": "bob"}),
        await client.delete(place, params={"user": "bob"}),
    ):
        assert refusal(answer) == (404, "file_not_found")


async def test_a_key_of_an_app_has_the_files_that_it_brought(
    world: World, client: httpx.AsyncClient
) -> None:
    scopes = ["app:run", "conversation:read", "conversation:write"]
    body = {"name": "bound", "scopes": scopes, "app_id": world.ids["app_id"]}
    made = await client.post("/v1/api-keys", json=body)
    assert made.status_code == 201, made.text
    key = {"authorization": f"Bearer {made.json()['data']['secret']}"}
    others = await handed_in(client)

    part = {"file": ("photo.png", PNG)}
    ours = (await client.post("/v1/files", files=part, headers=key)).json()["data"]
    listed = (await client.get("/v1/files", headers=key)).json()["data"]
    forbidden = await client.get(f"/v1/files/{others['id']}", headers=key)

    assert ours["app_id"] == world.ids["app_id"]
    assert [file["id"] for file in listed] == [ours["id"]]
    assert refusal(forbidden) == (404, "file_not_found")


async def test_a_link_opens_a_file_to_anybody_for_a_while(
    api: RunningApi, client: httpx.AsyncClient
) -> None:
    file = await handed_in(client, SVG, "photo.svg")
    link = (await client.post(f"/v1/files/{file['id']}/url", json={"expires_in": 1})).json()["data"]
    parts = urlsplit(link["url"])
    query = dict(parse_qsl(parts.query))

    async with httpx.AsyncClient(base_url=api.url) as anybody:
        opened = await anybody.get(link["url"])
        ranged = await anybody.get(link["url"], headers={"range": "bytes=0-3"})
        changed = [
            await anybody.get(parts.path, params={**query, name: value})
            for name, value in {
                "expires": "9999999999",
                "signature": "x" * 43,
                "tenant": str(uuid4()),
            }.items()
        ]
        elsewhere = await anybody.get(f"/files/{uuid4()}", params=query)
        halved = await anybody.get(parts.path)
        await asyncio.sleep(1.2)
        late = await anybody.get(link["url"])

    assert (opened.status_code, opened.content) == (200, SVG)
    assert opened.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in opened.headers["content-security-policy"]
    assert ranged.content == SVG[:4]
    assert {refusal(answer) for answer in (*changed, elsewhere)} == {(404, "file_link_invalid")}
    assert halved.status_code == 422
    assert refusal(late) == (410, "file_link_expired")


async def test_a_message_names_the_files_that_came_with_it(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    file = await handed_in(client, user="ann")
    given = [
        {"type": "image", "transfer_method": "local_file", "upload_file_id": file["id"]},
        {"transfer_method": "remote_url", "url": "https://example.com/plan.pdf"},
    ]

    message = await said(client, app_id, files=given)
    shown = (await client.get(f"/v1/messages/{message['id']}")).json()["data"]

    assert shown["files"] == message["files"]
    ours, theirs = message["files"]
    assert (ours["upload_file_id"], ours["name"]) == (file["id"], "photo.png")
    assert (ours["type"], ours["extension"], ours["size"]) == ("image", ".png", len(PNG))
    assert (theirs["type"], theirs["url"]) == ("document", "https://example.com/plan.pdf")


async def test_a_message_with_files_of_others_is_refused(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    theirs = {"upload_file_id": (await handed_in(client, user="bob"))["id"]}
    wrong = {"transfer_method": "remote_url", "url": "ftp://example.com/plan.pdf"}

    answer = await say(client, app_id, files=[theirs, wrong])
    many = await say(client, app_id, files=[wrong] * 11)

    assert refusal(answer) == (422, "file_inputs_invalid")
    assert [(fault["code"], fault["path"]) for fault in answer.json()["details"]["faults"]] == [
        ("file_input_not_found", "files[0]"),
        ("file_input_url_invalid", "files[1]"),
    ]
    assert refusal(many) == (422, "biz_validation_failed")


async def test_the_storage_is_among_what_is_looked_after(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/deep")).json()["checks"]["storage"]["status"] == "ok"


async def make_old(admin_url: str, file_id: str) -> None:
    connection = await asyncpg.connect(driver_dsn(admin_url))
    try:
        async with connection.transaction():
            await connection.execute("ALTER TABLE files NO FORCE ROW LEVEL SECURITY")
            await connection.execute(
                "UPDATE files SET expires_at = now() - interval '1 minute' WHERE id = $1", file_id
            )
            await connection.execute("ALTER TABLE files FORCE ROW LEVEL SECURITY")
    finally:
        await connection.close()
