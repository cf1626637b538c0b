"""Files over HTTP: looked at, fetched, passed on, deleted, named in messages."""

import asyncio
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from dify_hex.adapters.persistence.engine import driver_dsn
from tests.contract.handing_in import PNG, SVG, handed_in, refusal, stored_below
from tests.contract.running_api import RunningApi
from tests.contract.talking import published, said, say
from tests.contract.world import World
from tests.fakes.servers import RunningServers


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
    assert answer.headers["cross-origin-resource-policy"] == "same-site"
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
    link = (await client.post(f"/v1/files/{file['id']}/url", json={"expires_in": 4})).json()["data"]
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
        await asyncio.sleep(4.2)
        late = await anybody.get(link["url"])

    assert (opened.status_code, opened.content) == (200, SVG)
    assert opened.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in opened.headers["content-security-policy"]
    assert opened.headers.get_list("cross-origin-resource-policy") == ["cross-origin"]
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
