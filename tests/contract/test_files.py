"""Files over HTTP: handed in, looked at, fetched, passed on, deleted."""

from hashlib import sha256
from typing import Any

import httpx

from tests.contract.talking import Json

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
MEGABYTE = 1 << 20


async def hand_in(
    client: httpx.AsyncClient,
    content: bytes = PNG,
    name: str = "photo.png",
    media_type: str | None = "image/png",
    **fields: str,
) -> httpx.Response:
    part: tuple[Any, ...] = (name, content) if media_type is None else (name, content, media_type)
    return await client.post("/v1/files", files={"file": part}, data=fields)


async def handed_in(client: httpx.AsyncClient, *file: Any, **fields: str) -> Json:
    answer = await hand_in(client, *file, **fields)
    assert answer.status_code == 201, answer.text
    data: Json = answer.json()["data"]
    return data


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
