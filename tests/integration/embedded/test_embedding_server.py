"""The built-in embedding model: there when asked, gone when not."""

import asyncio
import math
import os
import signal
from collections.abc import AsyncIterator

import httpx
import psutil
import pytest

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.embedding_protocol import DIMENSION, MODEL
from dify_hex.adapters.embedded.embedding_server import EmbeddingServer
from dify_hex.bootstrap.supervision import Keeper

Vector = list[float]


@pytest.fixture
async def server(folder: DataFolder, output: int) -> AsyncIterator[EmbeddingServer]:
    """A server, kept running, that soon lets go of the model."""
    server = EmbeddingServer(folder, output=output, threads=1, idle_seconds=1.0)
    keeper = Keeper(server, lambda notice: None)
    await keeper.start()
    yield server
    await keeper.stop()


async def embed(server: EmbeddingServer, texts: list[str], key: str | None = None) -> list[Vector]:
    response = await ask(server, {"model": MODEL, "input": texts}, key)
    response.raise_for_status()
    return [row["embedding"] for row in response.json()["data"]]


async def ask(server: EmbeddingServer, body: object, key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {server.api_key if key is None else key}"}
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        return await client.post(f"{server.url}/embeddings", json=body, headers=headers)


def likeness(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_nothing_runs_before_somebody_asks(server: EmbeddingServer) -> None:
    assert server.pid is None
    await embed(server, ["hello"])
    assert server.pid is not None


async def test_texts_of_one_meaning_are_alike_in_two_languages(server: EmbeddingServer) -> None:
    english, chinese, other = await embed(
        server, ["How do I get a refund?", "如何申请退款？", "The weather is nice in Lisbon."]
    )
    assert len(english) == DIMENSION
    assert math.isclose(likeness(english, english), 1, abs_tol=1e-3)
    assert likeness(english, chinese) > 0.6
    assert likeness(english, other) < 0.3


async def test_who_asks_while_it_starts_is_answered(server: EmbeddingServer) -> None:
    vectors = await asyncio.gather(*(embed(server, [f"text {n}"]) for n in range(8)))
    assert len({tuple(found[0]) for found in vectors}) == 8


async def test_it_ends_when_idle_and_comes_back_at_the_same_address(
    server: EmbeddingServer,
) -> None:
    first, url = await embed(server, ["hello"]), server.url
    async with asyncio.timeout(20):
        while server.pid is not None:  # noqa: ASYNC110 - it says nothing when it goes
            await asyncio.sleep(0.1)
    assert (await embed(server, ["hello"]), server.url) == (first, url)


async def test_a_short_question_does_not_wait_for_a_long_batch(server: EmbeddingServer) -> None:
    await embed(server, ["warm"])
    clock = asyncio.get_running_loop()
    batch = asyncio.create_task(embed(server, ["a long passage of words " * 100] * 60))
    await asyncio.sleep(0.3)
    began = clock.time()
    await embed(server, ["short"])
    waited = clock.time() - began
    assert not batch.done()
    assert len(await batch) == 60
    assert waited < clock.time() - began


async def test_a_killed_one_is_started_again_for_the_next_who_asks(
    server: EmbeddingServer,
) -> None:
    await embed(server, ["hello"])
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert len(await embed(server, ["hello again"])) == 1


async def test_its_process_is_unprivileged(server: EmbeddingServer) -> None:
    await embed(server, ["hello"])
    assert server.pid is not None
    assert psutil.Process(server.pid).uids().effective != 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"input": []}, 400),
        ({"input": [1]}, 400),
        ({"input": ["x" * 70_000]}, 400),
        ({"input": ["x"], "model": "other"}, 400),
        ({"input": ["x"] * 513}, 400),
        ({}, 400),
        ([], 400),
    ],
)
async def test_what_cannot_be_embedded_is_refused(
    server: EmbeddingServer, body: object, status: int
) -> None:
    assert (await ask(server, body)).status_code == status


async def test_others_are_not_let_in(server: EmbeddingServer) -> None:
    assert (await ask(server, {"input": ["x"]}, key="wrong")).status_code == 401
