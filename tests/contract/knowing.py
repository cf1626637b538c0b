"""Knowledge with documents that are indexed, for the contract tests that search it."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from tests.contract.running_api import RunningApi

Json = dict[str, Any]

_PATIENCE = 60.0


@contextmanager
def jobs_done(api: RunningApi) -> Iterator[None]:
    """Somebody who does background jobs, and keeps up their heartbeats."""
    jobs = api.container.jobs()

    async def begin() -> list[asyncio.Task[None]]:
        return [asyncio.create_task(each) for each in (jobs.workers().run(), jobs.keeper().keep())]

    async def end(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        # The next ones begin only when these have let go of everything.
        await asyncio.gather(*tasks, return_exceptions=True)

    tasks = api.do(begin())
    try:
        yield
    finally:
        api.do(end(tasks))


async def provider(client: httpx.AsyncClient, base_url: str, **models: str) -> str:
    """A provider at the scripted model server, with models of these types, by their names."""
    body = {
        "kind": "openai_compatible",
        "name": f"house-{uuid4().hex[:8]}",
        "base_url": base_url,
        "api_key": "sk-0123456789abcdefghij",
        "models": [{"name": name, "type": kind} for name, kind in models.items()],
    }
    made = await client.post("/v1/model-providers", json=body)
    assert made.status_code == 201, made.text
    name: str = made.json()["data"]["name"]
    return name


async def knowledge(client: httpx.AsyncClient, texts: Mapping[str, str], **fields: Any) -> str:
    """A Knowledge with these texts, by the names of their documents, all of them indexed."""
    made = await client.post("/v1/knowledge", json={"name": f"Known {uuid4().hex}", **fields})
    assert made.status_code == 201, made.text
    knowledge_id: str = made.json()["data"]["id"]
    for name, text in texts.items():
        body = {"name": name, "text": text}
        added = await client.post(f"/v1/knowledge/{knowledge_id}/documents", json=body)
        assert added.status_code == 202, added.text
    await indexed(client, knowledge_id)
    return knowledge_id


async def indexed(client: httpx.AsyncClient, knowledge_id: str) -> None:
    """Wait until every document can be found."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            answer = await client.get(f"/v1/knowledge/{knowledge_id}/documents?limit=100")
            documents = answer.json()["data"]
            states = {each["status"] for each in documents}
            assert "failed" not in states, documents
            if states <= {"completed"}:
                return
            await asyncio.sleep(0.1)
