"""The built-in model as a child: the right weights, on a port of ours, for those with the key."""

import os
import signal
import socket
from collections.abc import AsyncIterator

import httpx
import psutil
import pytest

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.model_server import ALIAS, ModelServer


@pytest.fixture
async def server(folder: DataFolder, output: int) -> AsyncIterator[ModelServer]:
    """A running server."""
    made = ModelServer(folder, output=output)
    await made.start()
    yield made
    await made.stop()


async def models_at(server: ModelServer, key: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(
            f"{server.url}/models", headers={"authorization": f"Bearer {key}"}, timeout=10
        )


async def test_it_answers_those_who_have_its_key(server: ModelServer) -> None:
    answer = await models_at(server, server.api_key)
    assert [model["id"] for model in answer.json()["data"]] == [ALIAS]
    assert (await models_at(server, "guessed")).status_code == 401


async def test_it_streams_an_answer(server: ModelServer) -> None:
    body = {
        "model": ALIAS,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 4,
        "stream": True,
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{server.url}/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {server.api_key}"},
            timeout=60,
        )
    assert answer.text.rstrip().endswith("data: [DONE]")


@pytest.mark.kill
async def test_it_has_the_same_address_and_key_after_kill_9(server: ModelServer) -> None:
    url = server.url
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.exited() == -signal.SIGKILL
    await server.start()
    assert server.url == url
    assert (await models_at(server, server.api_key)).status_code == 200


async def test_its_process_is_unprivileged(server: ModelServer) -> None:
    assert server.pid is not None
    assert psutil.Process(server.pid).uids().effective != 0


async def test_other_weights_are_refused(folder: DataFolder, output: int) -> None:
    other = folder.home / "other.gguf"
    other.write_bytes(b"GGUF, but not ours")
    server = ModelServer(folder, output=output, weights=other)
    try:
        with pytest.raises(EmbeddedPartFailed, match="not the model that was expected"):
            await server.start()
    finally:
        await server.stop()


async def test_a_stranger_on_the_port_is_not_taken_for_the_model(
    folder: DataFolder, output: int
) -> None:
    server = ModelServer(folder, output=output)
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        try:
            with pytest.raises(EmbeddedPartFailed, match="is not served"):
                await server.start()
        finally:
            await server.stop()


def test_the_port_is_kept_while_the_model_is_down(folder: DataFolder, output: int) -> None:
    server = ModelServer(folder, output=output)
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", port))
    server._kept_port.close()
