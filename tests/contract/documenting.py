"""Knowledge and documents over HTTP, for the contract tests that need some."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx

from tests.contract.knowing import provider
from tests.contract.running_api import RunningApi

Json = dict[str, Any]


async def made(client: httpx.AsyncClient, **fields: Any) -> Json:
    answer = await client.post("/v1/knowledge", json={"name": f"K {uuid4().hex}", **fields})
    assert answer.status_code == 201, answer.text
    data: Json = answer.json()["data"]
    return data


async def embedding(
    client: httpx.AsyncClient, api: RunningApi, model: str = "scripted-embedding"
) -> Json:
    """An embedding model of the scripted server."""
    url = str(api.container.shared().settings().model.url)
    return {"provider": await provider(client, url, **{model: "embedding"}), "model": model}


async def add_text(client: httpx.AsyncClient, knowledge_id: str, text: str, **query: str) -> Json:
    answer = await client.post(
        f"/v1/knowledge/{knowledge_id}/documents",
        json={"name": "Hours", "text": text},
        params=query,
    )
    assert answer.status_code == 202, answer.text
    document: Json = answer.json()["data"]["documents"][0]
    return document


async def shown(client: httpx.AsyncClient, document: Json) -> Json:
    data: Json = (await client.get(f"/v1/documents/{document['id']}")).json()["data"]
    return data


async def until(client: httpx.AsyncClient, document: Json, status: str) -> Json:
    async def is_there() -> bool:
        return bool((await shown(client, document))["status"] == status)

    await eventually(is_there)
    return await shown(client, document)


async def eventually(happens: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it does."""
    async with asyncio.timeout(30):
        while True:
            if await happens():
                return
            await asyncio.sleep(0.05)
