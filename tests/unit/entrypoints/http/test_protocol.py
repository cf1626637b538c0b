"""What comes over the wire before it is a request: heads that are huge, slow or nonsense."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
import uvicorn
from fastapi import FastAPI

from dify_hex.entrypoints.http import protocol
from dify_hex.entrypoints.http.protocol import MAX_HEAD_BYTES, BoundedHttpProtocol


@pytest.fixture
async def address(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, int]]:
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT", 1.0)
    config = uvicorn.Config(
        app, http=BoundedHttpProtocol, lifespan="off", log_config=None, ws="none"
    )
    config.load()
    state = uvicorn.Server(config).server_state
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: BoundedHttpProtocol(config=config, server_state=state, app_state={}),
        "127.0.0.1",
        0,
    )
    host, port = server.sockets[0].getsockname()
    yield host, port
    server.close()


async def _talk(address: tuple[str, int], *parts: bytes) -> tuple[bytes, bytes]:
    reader, writer = await asyncio.open_connection(*address)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.01)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    writer.close()
    return head, body


async def test_an_ordinary_request_passes(address: tuple[str, int]) -> None:
    head, body = await _talk(address, b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200")
    assert orjson.loads(body)["status"] == "ok"


async def test_several_requests_share_a_connection(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    for _ in range(2):
        writer.write(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 200")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        # Longer than a head may take: an idle connection is not a slow one.
        await asyncio.sleep(1.2)
    writer.close()


@pytest.mark.parametrize("header", [b"x: " + b"y" * MAX_HEAD_BYTES, b"x: y\r\n" * 40_000])
async def test_a_huge_head_is_refused(address: tuple[str, int], header: bytes) -> None:
    head, body = await _talk(address, b"GET / HTTP/1.1\r\n" + header + b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 431")
    assert orjson.loads(body)["code"] == "biz_head_too_large"


async def test_a_huge_address_is_refused(address: tuple[str, int]) -> None:
    head, _ = await _talk(address, b"GET /" + b"a" * (MAX_HEAD_BYTES + 1) + b" HTTP/1.1\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n"])
async def test_a_head_that_does_not_end_is_not_waited_for(
    address: tuple[str, int], start: bytes
) -> None:
    head, body = await _talk(address, start)

    assert head.startswith(b"HTTP/1.1 408")
    assert orjson.loads(body)["code"] == "biz_head_timed_out"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"BREW / HTTP/9\r\n\r\n",
    ],
)
async def test_nonsense_gets_a_clear_answer(address: tuple[str, int], nonsense: bytes) -> None:
    head, body = await _talk(address, nonsense)

    assert head.startswith(b"HTTP/1.1 400")
    assert orjson.loads(body)["code"] == "biz_malformed_request"
