"""Servers that answer once and for all, where a real one would be in the way."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from dify_hex.adapters.openai.connection import Clients


def answering(response: httpx.Response) -> Clients:
    """Clients whose every call gets this answer."""

    async def body() -> AsyncIterator[bytes]:
        yield response.content

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(response.status_code, headers=response.headers, content=body())

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Clients(operator=client, tenants=client)


def hanging() -> Clients:
    """Clients whose calls get no answer."""

    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(500)

    client = httpx.AsyncClient(transport=httpx.MockTransport(hang))
    return Clients(operator=client, tenants=client)
