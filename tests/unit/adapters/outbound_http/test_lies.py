"""Too much, too slow, too clever: every promise of a server may be a lie."""

import asyncio
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import replace

import pytest

from dify_hex.adapters.outbound_http.resolver import Addresses
from dify_hex.application.shared.outbound_http import OutboundHttp, OutboundLimits
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.outbound_errors import (
    OutboundResponseInvalid,
    OutboundResponseTooLarge,
    OutboundTimeout,
    OutboundUnreachable,
)
from tests.builders.outbound import LIMITS, a_request
from tests.fakes.hostile_server import HostileServer, Received, Step, ok
from tests.fakes.outbound import ScriptedResolver, guarded_client


def echo(request: Received) -> Iterable[Step]:
    return [ok(request.body, f"X-Method: {request.method}")]


# ------------------------------------------------------------------------------------------ packed
@pytest.mark.parametrize(
    ("packing", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("identity", bytes),
        ("br", bytes),
    ],
)
async def test_a_packed_body_is_unpacked(
    client: OutboundHttp, server: HostileServer, packing: str, pack: type[bytes]
) -> None:
    body = b"the same again and again " * 20_000
    url = server.answer("/", ok(pack(body), f"Content-Encoding: {packing}"))

    assert (await client.send(a_request(url))).body == body


async def test_a_bomb_does_not_go_off(client: OutboundHttp, server: HostileServer) -> None:
    bomb = gzip.compress(bytes(32 << 20))
    url = server.answer("/", ok(bomb, "Content-Encoding: gzip"))

    with pytest.raises(OutboundResponseTooLarge) as refused:
        await client.send(a_request(url))

    assert refused.value.details["part"] == "body"


async def test_what_unfolds_beyond_reason_is_refused_early(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", ok(gzip.compress(bytes(8 << 20)), "Content-Encoding: gzip"))

    with pytest.raises(OutboundResponseTooLarge) as refused:
        await client.send(a_request(url, limits=replace(LIMITS, max_body_bytes=32 << 20)))

    assert refused.value.details["part"] == "unpacked"


@pytest.mark.parametrize(
    ("body", "packing"),
    [
        (b"not packed at all", "gzip"),
        (b"not packed at all", "deflate"),
        (gzip.compress(b"cut in the middle of it", mtime=0)[:-9], "gzip"),
        (gzip.compress(b"", mtime=0) * 65, "gzip"),
        (gzip.compress(gzip.compress(b"twice", mtime=0), mtime=0), "gzip, gzip"),
        (gzip.compress(b"twice", mtime=0), "gzip\r\nContent-Encoding: deflate"),
    ],
)
async def test_what_cannot_be_unpacked_is_no_answer(
    client: OutboundHttp, server: HostileServer, body: bytes, packing: str
) -> None:
    url = server.answer("/", ok(body, f"Content-Encoding: {packing}"))

    with pytest.raises(OutboundResponseInvalid) as refused:
        await client.send(a_request(url))

    assert refused.value.details == {"host": "127.0.0.1", "reason": "packing"}


# ------------------------------------------------------------------------------------ size and lies
async def test_no_more_than_the_limit_is_taken(client: OutboundHttp, server: HostileServer) -> None:
    limits = replace(LIMITS, max_body_bytes=1000)
    exact = server.answer("/exact", ok(b"x" * 1000))
    more = server.answer("/more", ok(b"x" * 1001))

    assert len((await client.send(a_request(exact, limits=limits))).body) == 1000
    with pytest.raises(OutboundResponseTooLarge) as refused:
        await client.send(a_request(more, limits=limits))
    assert refused.value.details == {"host": "127.0.0.1", "part": "body", "limit": 1000}


async def test_the_deployment_has_the_last_word_on_limits(server: HostileServer) -> None:
    url = server.answer("/", ok(b"x" * 1000))

    async with guarded_client(ceiling=OutboundLimits(max_body_bytes=999)) as client:
        with pytest.raises(OutboundResponseTooLarge):
            await client.send(a_request(url))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", None], OutboundResponseInvalid),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"], OutboundResponseInvalid),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n"], OutboundResponseInvalid),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n"], OutboundResponseInvalid),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
            OutboundResponseInvalid,
        ),
        ([CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n"], OutboundResponseInvalid),
        ([CHUNKED + b"5\r\nabc\r\n0\r\n\r\n", None], OutboundResponseInvalid),
        ([CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n"], OutboundResponseInvalid),
        ([CHUNKED + b"fffffffffffffffff\r\nabc", None], OutboundResponseInvalid),
        ([CHUNKED + b"3;" + b"x" * 200_000], OutboundResponseInvalid),
        ([CHUNKED + b"0\r\n" + b"X-Trailer: 1\r\n" * 20_000], OutboundResponseInvalid),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"], OutboundResponseInvalid),
        ([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"], OutboundResponseInvalid),
        ([b"HTTP/1.1 999999 OK\r\n\r\n"], OutboundResponseInvalid),
        ([b"SSH-2.0-OpenSSH_9.2\r\n\r\n"], OutboundResponseInvalid),
        ([b"\x00" * 100], OutboundResponseInvalid),
        ([None], OutboundResponseInvalid),
        ([b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n"], OutboundResponseTooLarge),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"], OutboundResponseTooLarge),
        ([b"HTTP/1.1 200 OK\r\n", *([b"X: " + b"y" * 1000 + b"\r\n"] * 99)], None),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" * 9000], OutboundResponseTooLarge),
        ([b"HTTP/1.1 200 OK\r\n\r\n", *([b"x" * 65536] * 99), None], OutboundResponseTooLarge),
        ([CHUNKED, *([b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 99)], OutboundResponseTooLarge),
    ],
)
async def test_a_lie_is_found_out(
    client: OutboundHttp, server: HostileServer, steps: list[Step], kind: type[DomainError] | None
) -> None:
    url = server.answer("/", *steps)

    with pytest.raises(kind or OutboundResponseTooLarge) as refused:
        await client.send(a_request(url, method="POST"))

    assert refused.value.details["host"] == "127.0.0.1"


# --------------------------------------------------------------------------------------------- time
@pytest.mark.parametrize(
    ("steps", "limits", "phase"),
    [
        ([5.0], {"read_seconds": 0.05}, "read"),
        ([ok(b"x")[:-1], 5.0], {"read_seconds": 0.05}, "read"),
        ([b"H", *([0.02, b"T"] * 200)], {"total_seconds": 0.1}, "total"),
        ([CHUNKED, *([b"1\r\nx\r\n", 0.02] * 200)], {"total_seconds": 0.1}, "total"),
        ([b"HTTP/1.1 200 OK\r\n", *([b"X: y\r\n", 0.02] * 200)], {"total_seconds": 0.1}, "total"),
        ([*([b"HTTP/1.1 100 Go\r\n\r\n", 0.02] * 200)], {"total_seconds": 0.1}, "total"),
    ],
)
async def test_time_runs_out(
    client: OutboundHttp,
    server: HostileServer,
    steps: list[Step],
    limits: dict[str, float],
    phase: str,
) -> None:
    url = server.answer("/", *steps)
    patience = replace(LIMITS, **limits)  # type: ignore[arg-type] # all of these are seconds

    with pytest.raises(OutboundTimeout) as late:
        await client.send(a_request(url, limits=patience))

    assert late.value.details == {"host": "127.0.0.1", "phase": phase}


async def test_a_slow_caller_is_not_interrupted_but_out_of_time(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", CHUNKED, b"1\r\nx\r\n", 0.01, b"1\r\ny\r\n", 1.0)
    finished: list[bytes] = []

    async def read_slowly() -> None:
        request = a_request(url, limits=replace(LIMITS, total_seconds=0.05))
        async with client.stream(request) as answer:
            async for part in answer.body:
                await asyncio.sleep(0.1)
                finished.append(part)

    with pytest.raises(OutboundTimeout):
        await read_slowly()

    assert finished


async def test_a_server_that_takes_nothing_is_given_up(
    client: OutboundHttp,
) -> None:
    over = asyncio.Event()

    async def stubborn(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.transport.abort()

    listening = await asyncio.start_server(stubborn, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    limits = replace(LIMITS, write_seconds=0.05)

    with pytest.raises(OutboundTimeout) as late:
        await client.send(a_request(url, method="POST", body=b"x" * (32 << 20), limits=limits))
    over.set()
    listening.close()
    await asyncio.sleep(0.01)

    assert late.value.details["phase"] == "write"


async def test_nobody_there_is_said(client: OutboundHttp) -> None:
    with pytest.raises(OutboundUnreachable) as gone:
        await client.send(a_request("http://127.0.0.1:9999/"))

    assert gone.value.details == {"host": "127.0.0.1", "reason": "connect"}


async def test_a_name_without_an_address_is_said(client: OutboundHttp) -> None:
    with pytest.raises(OutboundUnreachable) as gone:
        await client.send(a_request("http://nowhere.example/"))

    assert gone.value.details == {"host": "nowhere.example", "reason": "name"}


@pytest.mark.parametrize(
    ("seconds", "phase"), [({"connect_seconds": 0.02}, "name"), ({"total_seconds": 0.02}, "total")]
)
async def test_a_name_that_takes_too_long_is_given_up(
    seconds: dict[str, float], phase: str
) -> None:
    class Slow(ScriptedResolver):
        async def addresses(self, name: str, *, tenant: str) -> Addresses:
            await asyncio.sleep(5)
            return ()

    limits = replace(LIMITS, **seconds)  # type: ignore[arg-type] # all of these are seconds
    async with guarded_client(resolver=Slow()) as client:
        with pytest.raises(OutboundTimeout) as late:
            await client.send(a_request("http://slow.example/", limits=limits))

    assert late.value.details == {"host": "slow.example", "phase": phase}


async def test_a_resolver_that_fails_is_no_timeout() -> None:
    class Failing(ScriptedResolver):
        async def addresses(self, name: str, *, tenant: str) -> Addresses:
            raise TimeoutError("the resolver's own")

    async with guarded_client(resolver=Failing()) as client:
        with pytest.raises(TimeoutError, match="own"):
            await client.send(a_request("http://a.example/"))


async def test_the_next_address_is_tried(resolver: ScriptedResolver, server: HostileServer) -> None:
    server.answers["/"] = echo
    resolver.lead("api.example", ("127.0.0.2", "127.0.0.1"))

    async with guarded_client(opened=("127.0.0.0/8",), resolver=resolver) as client:
        answer = await client.send(a_request(server.url(host="api.example")))

    assert answer.status == 200
