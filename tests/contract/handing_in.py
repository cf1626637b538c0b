"""Handing in files over HTTP, for the contract tests that need some."""

from pathlib import Path

import httpx

from tests.contract.running_api import RunningApi
from tests.contract.talking import Json

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
MEGABYTE = 1 << 20


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


def stored_below(api: RunningApi) -> list[Path]:
    folder = api.container.settings().storage_folder
    return [path for path in folder.rglob("*") if path.is_file()]
