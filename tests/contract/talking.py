"""Sending messages over HTTP, for the contract tests that need some."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]
Event = tuple[str, Json]


async def published(client: httpx.AsyncClient, **fields: Any) -> str:
    made = await client.post("/v1/apps", json={"name": f"Chat {uuid4().hex}", **fields})
    assert made.status_code == 201, made.text
    app_id: str = made.json()["data"]["id"]
    answer = await client.post(f"/v1/apps/{app_id}/publish")
    assert answer.status_code == 201, answer.text
    return app_id


async def say(
    client: httpx.AsyncClient, app_id: str, query: str = "Hello", **fields: Any
) -> httpx.Response:
    body = {"query": query, "user": "ann", **fields}
    return await client.post(f"/v1/apps/{app_id}/messages", json=body)


async def said(client: httpx.AsyncClient, app_id: str, query: str = "Hello", **fields: Any) -> Json:
    answer = await say(client, app_id, query, **fields)
    assert answer.status_code == 200, answer.text
    data: Json = answer.json()["data"]
    return data


async def ended(client: httpx.AsyncClient, message_id: str) -> Json:
    """The message once its run has ended."""
    async with asyncio.timeout(10):
        while True:
            message: Json = (await client.get(f"/v1/messages/{message_id}")).json()["data"]
            if message["finished_at"] is not None:
                return message
            await asyncio.sleep(0.05)


async def events_in(answer: httpx.Response) -> AsyncIterator[Event]:
    kind = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))
