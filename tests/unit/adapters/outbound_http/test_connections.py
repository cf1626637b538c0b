"""Connections are kept, for whoever would have opened the very same, and only while in order."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from dify_hex.adapters.outbound_http.route import Route
from dify_hex.application.shared.outbound_http import OutboundHttp
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.outbound_errors import OutboundResponseInvalid
from tests.builders.outbound import LIMITS, OTHER_TENANT, a_request
from tests.fakes.hostile_server import HostileServer, Step, ok, redirect
from tests.fakes.outbound import ScriptedResolver

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SMUGGLED = ok(b"for somebody else")


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"body"),
        ok(),
        CHUNKED + b"4\r\nbody\r\n0\r\n\r\n",
        CHUNKED + b"4\r\nbody\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b"body"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
    ],
)
async def test_a_connection_in_order_is_used_again(
    client: OutboundHttp, server: HostileServer, answer: bytes
) -> None:
    url = server.answer("/", answer)

    for _ in range(3):
        await client.send(a_request(url))

    assert server.connections == 1


@pytest.mark.parametrize(
    "steps",
    [
        [ok(b"body") + SMUGGLED],
        [ok() + SMUGGLED],
        [CHUNKED + b"4\r\nbody\r\n0\r\n\r\n" + SMUGGLED],
        [CHUNKED + b"4\r\nbody\r\n0\r\n\r\n" + SMUGGLED + b"0\r\n\r\n"],
        [b"HTTP/1.1 204 No Content\r\n\r\n" + SMUGGLED],
        [b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc"],
        [ok(b"body") + b"x"],
        [ok(b"body", "Connection: close")],
        [b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody"],
        [CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n") + b"0\r\n\r\n"],
    ],
)
async def test_no_answer_is_taken_for_that_to_another_request(
    client: OutboundHttp, server: HostileServer, steps: list[Step]
) -> None:
    first = server.answer("/first", *steps)
    second = server.answer("/second", ok(b"mine"))

    for _ in range(3):
        with suppress(OutboundResponseInvalid):
            await client.send(a_request(first))
        assert (await client.send(a_request(second))).body == b"mine"

    connections = [request.connection for request in server.received]
    assert not any(
        one == next_one for one, next_one in zip(connections[::2], connections[1::2], strict=True)
    )


async def test_a_connection_that_spoke_while_nobody_asked_is_not_used(
    client: OutboundHttp, server: HostileServer
) -> None:
    first = server.answer("/first", ok(b"body"), 0.01, SMUGGLED)
    second = server.answer("/second", ok(b"mine"))
    await client.send(a_request(first))
    await asyncio.sleep(0.05)

    assert (await client.send(a_request(second))).body == b"mine"


@pytest.mark.parametrize(
    "changes",
    [{"tenant_id": OTHER_TENANT}, {"url": "name"}, {"verify_tls": False}],
)
async def test_who_is_not_the_same_gets_a_connection_of_its_own(
    client: OutboundHttp,
    resolver: ScriptedResolver,
    server: HostileServer,
    changes: dict[str, object],
) -> None:
    resolver.lead("*", ("127.0.0.1",))
    url = server.answer("/", ok())
    if "url" in changes:
        changes = {"url": server.url(host="api.example")}

    await client.send(a_request(url))
    await client.send(a_request(**{"url": url, **changes}))  # type: ignore[arg-type] # as above
    await client.send(a_request(url))

    assert [request.connection for request in server.received] == [1, 2, 1]


async def test_a_connection_is_for_the_address_that_was_judged(
    client: OutboundHttp, resolver: ScriptedResolver, server: HostileServer
) -> None:
    resolver.lead("moving.example", ("127.0.0.1",), ("10.0.0.1",))
    server.answer("/", ok())
    url = server.url(host="moving.example")

    await client.send(a_request(url))
    with pytest.raises(DomainError):
        await client.send(a_request(url))

    assert len(server.received) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_connection_that_its_server_has_left_is_replaced(
    client: OutboundHttp, server: HostileServer, method: str
) -> None:
    url = server.answer("/", ok(b"first"))
    await client.send(a_request(url))
    answers: Iterator[Iterable[Step]] = iter([[None], [ok(b"again")]])
    server.answers["/"] = lambda _: next(answers)

    answer = await client.send(a_request(url, method=method, body=b"whole"))

    assert answer.body == b"again"
    assert [request.body for request in server.received] == [b"", b"whole", b"whole"]


async def test_what_may_have_been_done_is_not_done_again(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", ok(b"first"))
    await client.send(a_request(url))
    server.answer("/", None)

    with pytest.raises(OutboundResponseInvalid):
        await client.send(a_request(url, method="POST"))

    assert len(server.received) == 2


async def test_a_server_that_always_leaves_is_not_asked_for_ever(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", None)

    with pytest.raises(OutboundResponseInvalid):
        await client.send(a_request(url))

    assert len(server.received) == 1


async def test_a_redirect_leaves_no_connection_open(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", redirect("/end"))
    server.answer("/end", ok())

    for _ in range(20):
        await client.send(a_request(url, limits=replace(LIMITS, connect_seconds=0.5)))

    assert len(server.received) == 40


def test_a_route_is_read_from_its_key() -> None:
    route = Route(
        tenant="t", name="a.example", addresses=("1.2.3.4", "2606:4700::1"), is_verified=False
    )

    assert Route.read(route.key) == route
    assert route.key.isascii()
