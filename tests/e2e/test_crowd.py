"""Five thousand open streams: the process answers meanwhile, and gives its memory back."""

import asyncio
import sys
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.e2e.product import Chat, Product, make_chat, make_owner, running_product
from tests.fakes.running_model_server import run_model_server

STREAMS = 5_000
RUNS = 20
#: The first few readers of each run; what they bring to life stays: connections, caches, code.
FIRST_READERS = 300
#: What is left may be this much of what was there before: a page with one live object stays.
LEFT = 1.25
#: Until the process has noticed that a crowd has left, and given its memory back.
FORGETTING = 15


@pytest.fixture(scope="module")
def product(server_variables: dict[str, str]) -> Iterator[Product]:
    with run_model_server() as models:
        variables = server_variables | {"DIFY_HEX_MODEL_URL": models.url}
        with running_product(variables=variables) as running:
            yield running


@pytest.fixture(scope="module")
def chat(product: Product) -> Chat:
    return make_chat(product, make_owner(product))


def memory(product: Product) -> int:
    (api, *_) = product.children("dify_hex.bootstrap.services", "api")
    usage: int = psutil.Process(api.pid).memory_full_info().pss
    return usage


async def start_runs(chat: Chat) -> list[str]:
    """Runs whose model says nothing for a long time."""
    async with httpx.AsyncClient(headers=chat.headers, timeout=30) as client:
        ids = []
        for number in range(RUNS):
            answer = await client.post(
                chat.messages_url,
                json={
                    "query": f"[[first=120]] {number}",
                    "user": "crowd",
                    "response": "background",
                },
            )
            assert answer.status_code == 202, answer.text
            ids.append(answer.json()["data"]["id"])
        return ids


async def open_stream(chat: Chat, message_id: str) -> asyncio.StreamWriter:
    """Open one stream and read its beginning."""
    host, port = chat.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /v1/messages/{message_id}/events HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {chat.key}\r\n\r\n".encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    assert head.startswith(b"HTTP/1.1 200"), head
    await asyncio.wait_for(reader.readuntil(b"run.started"), 60)
    return writer


async def crowd(chat: Chat, ids: list[str], streams: int) -> list[asyncio.StreamWriter]:
    writers: list[asyncio.StreamWriter] = []
    for first in range(0, streams, 250):
        numbers = range(first, min(first + 250, streams))
        opened = (open_stream(chat, ids[number % len(ids)]) for number in numbers)
        writers += await asyncio.gather(*opened)
    return writers


async def leave(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.close()
    await asyncio.sleep(FORGETTING)


async def come_and_go(product: Product, chat: Chat, ids: list[str]) -> int:
    """A crowd arrives, is served beside others, and leaves; returns the memory that it took."""
    writers = await crowd(chat, ids, STREAMS)
    full = memory(product)
    async with httpx.AsyncClient(headers=chat.headers, timeout=10) as client:
        shown = await client.get(f"{chat.url}/v1/messages/{ids[0]}")
        live = await client.get(f"{chat.url}/health/live")
    await leave(writers)
    assert (shown.status_code, live.status_code) == (200, 200)
    return full


@pytest.mark.soak
async def test_a_crowd_of_readers_is_served_and_forgotten(product: Product, chat: Chat) -> None:
    ids = await start_runs(chat)
    await leave(await crowd(chat, ids, FIRST_READERS))
    before = memory(product)

    taken, left = [], []
    for _ in range(2):
        taken.append(await come_and_go(product, chat, ids))
        left.append(memory(product))

    megabytes = [size >> 20 for size in (before, *taken, *left)]
    sys.stderr.write(f"\n{STREAMS} streams: before, twice with them, twice after: {megabytes} MB\n")
    assert max(left) <= before * LEFT
