"""Requests go out as they were meant and answers come back whole, or the failure has a name."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

import pytest

from dify_hex.adapters.telemetry.prometheus import PrometheusTelemetry
from dify_hex.application.shared.outbound_http import OutboundBody, OutboundHttp
from dify_hex.domain.shared.outbound_errors import (
    OutboundAddressForbidden,
    OutboundBusy,
    OutboundRequestInvalid,
    OutboundUrlInvalid,
)
from dify_hex.domain.shared.values.outbound_rules import OutboundRules
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.outbound import LIMITS, OTHER_TENANT, a_request
from tests.fakes.hostile_server import HostileServer, Received, Step, ok
from tests.fakes.outbound import ScriptedResolver, guarded_client


@dataclass(frozen=True, slots=True)
class Parts(OutboundBody):
    """A body in parts, whether its length is known or not."""

    parts: tuple[bytes, ...]
    known: int | None = None

    @property
    def length(self) -> int | None:
        return self.known

    async def open(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            await asyncio.sleep(0)
            yield part


def echo(request: Received) -> Iterable[Step]:
    return [ok(request.body, f"X-Method: {request.method}")]


# ---------------------------------------------------------------------------------------- ordinary
async def test_an_answer_comes_whole(client: OutboundHttp, server: HostileServer) -> None:
    url = server.answer("/items?q=1", ok(b"hello", "X-Twice: a", "X-Twice: b"))
    server.answers["/items"] = server.answers["/items?q=1"]

    answer = await client.send(a_request(url))

    assert (answer.status, answer.body, answer.url) == (200, b"hello", url)
    assert [value for name, value in answer.headers if name == "X-Twice"] == ["a", "b"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
async def test_every_method_carries_a_body(
    client: OutboundHttp, server: HostileServer, method: str
) -> None:
    server.answers["/"] = echo

    answer = await client.send(a_request(server.url(), method=method, body=b"body"))

    assert answer.body == b"body"
    assert ("X-Method", method.upper()) in answer.headers


async def test_head_has_no_body_whatever_its_length_says(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")

    assert (await client.send(a_request(url, method="HEAD"))).body == b""
    assert (await client.send(a_request(url, method="HEAD"))).status == 200
    assert server.connections == 2, "a connection after HEAD is in doubt"


async def test_any_status_is_an_answer(client: OutboundHttp, server: HostileServer) -> None:
    url = server.answer("/", ok(b"no", status="503 Busy"))

    assert (await client.send(a_request(url))).status == 503


@pytest.mark.parametrize(
    ("body", "framing"),
    [
        (None, "0"),
        (b"", "0"),
        (b"abc", "3"),
        (Parts((b"a", b"bc"), 3), "3"),
        (Parts((b"a", b"", b"bc")), "chunked"),
    ],
)
async def test_the_client_frames_the_body(
    client: OutboundHttp,
    server: HostileServer,
    body: bytes | OutboundBody | None,
    framing: str,
) -> None:
    server.answers["/"] = echo

    answer = await client.send(a_request(server.url(), method="POST", body=body))

    sent = server.received[0].headers
    assert sent.get("content-length", sent.get("transfer-encoding")) == framing
    assert answer.body in (b"", b"abc")


async def test_headers_arrive_but_for_those_that_frame(
    client: OutboundHttp, server: HostileServer
) -> None:
    server.answers["/"] = echo
    request = a_request(
        server.url(),
        headers=(
            ("X-Name", "  Zoë "),
            ("Idempotency-Key", "attempt-1"),
            ("Host", "evil.example"),
            ("Content-Length", "999"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "upgrade"),
            ("Upgrade", "h2c"),
        ),
        secret_headers=(("Authorization", SecretText("Bearer 123")),),
    )

    await client.send(request)

    sent = server.received[0].headers
    assert sent == {
        "host": f"127.0.0.1:{server.port}",
        "x-name": "ZoÃ«",
        "idempotency-key": "attempt-1",
        "authorization": "Bearer 123",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "user-agent": "dify-hex",
    }


async def test_what_is_said_replaces_what_is_usual(
    client: OutboundHttp, server: HostileServer
) -> None:
    server.answers["/"] = echo

    await client.send(a_request(server.url(), headers=(("User-Agent", "mine"), ("accept", "a/b"))))

    assert server.received[0].headers["user-agent"] == "mine"
    assert server.received[0].headers["accept"] == "a/b"


async def test_cookies_are_handed_over_and_forgotten(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", ok(b"", "Set-Cookie: session=1; Path=/"))

    answer = await client.send(a_request(url))
    await client.send(a_request(url))

    assert ("Set-Cookie", "session=1; Path=/") in answer.headers
    assert "cookie" not in server.received[1].headers


async def test_the_name_is_told_and_the_address_asked(
    client: OutboundHttp, resolver: ScriptedResolver, server: HostileServer
) -> None:
    resolver.lead("api.example", ("127.0.0.1",))
    server.answers["/"] = echo

    await client.send(a_request(server.url(host="API.example.")))

    assert server.received[0].headers["host"] == f"api.example:{server.port}"


async def test_proxies_of_the_environment_are_ignored(
    client: OutboundHttp, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    url = server.answer("/", ok(b"direct"))

    assert (await client.send(a_request(url))).body == b"direct"


async def test_a_body_can_be_read_as_it_comes(client: OutboundHttp, server: HostileServer) -> None:
    url = server.answer(
        "/",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
        0.05,
        b"6\r\nsecond\r\n0\r\n\r\n",
    )

    async with client.stream(a_request(url)) as answer:
        parts = [part async for part in answer.body]

    assert parts == [b"first", b"second"]


async def test_who_stops_reading_ends_the_exchange(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"some", 2.0)

    async with client.stream(a_request(url)) as answer:
        async for part in answer.body:
            assert part == b"some"
            break
    with pytest.raises(KeyError):
        async with client.stream(a_request(url)):
            raise KeyError("the caller's own")


# ------------------------------------------------------------------------------------------ refused
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "CONNECT"}, "method"),
        ({"method": "TRACE"}, "method"),
        ({"method": "GET / HTTP/1.1\r\nX: 1"}, "method"),
        ({"method": ""}, "method"),
        ({"headers": (("X", "a\r\nY: b"),)}, "header"),
        ({"headers": (("X", "a\nb"),)}, "header"),
        ({"headers": (("X", "a\x00"),)}, "header"),
        ({"headers": (("X Y", "a"),)}, "header"),
        ({"headers": (("X:", "a"),)}, "header"),
        ({"headers": (("", "a"),)}, "header"),
        ({"headers": (("Ü", "a"),)}, "header"),
        ({"headers": (("X", "y" * 70_000),)}, "headers_too_large"),
        ({"method": "POST", "body": Parts((b"abc",), 2)}, "body"),
        ({"method": "POST", "body": Parts((b"abc",), 4)}, "body"),
    ],
)
async def test_what_no_request_can_have_is_refused(
    client: OutboundHttp, server: HostileServer, changes: dict[str, object], reason: str
) -> None:
    server.answers["/"] = echo

    with pytest.raises(OutboundRequestInvalid) as refused:
        await client.send(a_request(server.url(), **changes))

    assert refused.value.details == {"host": "127.0.0.1", "reason": reason}


async def test_a_secret_is_in_no_refusal(client: OutboundHttp, server: HostileServer) -> None:
    secret = SecretText("sk-123\r\nX: 1")

    with pytest.raises(OutboundRequestInvalid) as refused:
        await client.send(a_request(server.url(), secret_headers=(("Authorization", secret),)))

    assert "sk-123" not in f"{refused.value!r} {refused.value.details}"


async def test_an_address_that_is_none_is_refused(client: OutboundHttp) -> None:
    with pytest.raises(OutboundUrlInvalid):
        await client.send(a_request("file:///etc/passwd"))


async def test_a_failure_of_the_body_is_the_callers(
    client: OutboundHttp, server: HostileServer
) -> None:
    class Broken(Parts):
        async def open(self) -> AsyncIterator[bytes]:
            yield b"a"
            raise TimeoutError("the storage is away")

    server.answers["/"] = echo

    with pytest.raises(TimeoutError, match="storage"):
        await client.send(a_request(server.url(), method="POST", body=Broken((), None)))


async def test_a_tenants_own_rules_narrow_what_the_deployment_opens(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", ok())
    denying = OutboundRules.parse(denied=[f"127.0.0.0/8:{server.port}"])
    opening = OutboundRules.parse(opened=["127.0.0.0/8"])

    with pytest.raises(OutboundAddressForbidden):
        await client.send(a_request(url, rules=denying))
    async with guarded_client(opened=()) as strict:
        with pytest.raises(OutboundAddressForbidden):
            await strict.send(a_request(url))
        assert (await strict.send(a_request(url, rules=opening))).status == 200


# --------------------------------------------------------------------------------------- fairness
async def test_one_tenant_cannot_take_all_connections(server: HostileServer) -> None:
    slow = server.answer("/slow", 1, ok())
    quick = server.answer("/quick", ok())

    async with guarded_client(connections=4, per_tenant=2) as client:
        crowd = [asyncio.create_task(client.send(a_request(slow))) for _ in range(4)]
        await asyncio.sleep(0.05)
        await client.send(a_request(quick, tenant_id=OTHER_TENANT))
        # It came last, and had to wait for none of those that wait for their own tenant's.
        assert not all(request.done() for request in crowd)
        await asyncio.gather(*crowd)


async def test_who_waits_too_long_is_told(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dify_hex.adapters.outbound_http.client._PATIENCE", 0.02)
    slow = server.answer("/slow", 0.3, ok())

    async with guarded_client(per_tenant=1) as client:
        first = asyncio.create_task(client.send(a_request(slow)))
        await asyncio.sleep(0.05)
        with pytest.raises(OutboundBusy):
            await client.send(a_request(slow))
        await first


async def test_a_full_pool_is_said(server: HostileServer) -> None:
    slow = server.answer("/slow", 0.5, ok())
    hurry = replace(LIMITS, connect_seconds=0.05)

    async with guarded_client(connections=1) as client:
        first = asyncio.create_task(client.send(a_request(slow)))
        await asyncio.sleep(0.05)
        with pytest.raises(OutboundBusy):
            await client.send(a_request(slow, limits=hurry, tenant_id=OTHER_TENANT))
        await first


async def test_exchanges_are_counted_by_how_they_end(server: HostileServer) -> None:
    telemetry = PrometheusTelemetry()
    url = server.answer("/", ok())

    async with guarded_client(telemetry=telemetry) as client:
        await client.send(a_request(url))
        with pytest.raises(OutboundAddressForbidden):
            await client.send(a_request("http://10.0.0.1/"))
        with pytest.raises(KeyError):
            async with client.stream(a_request(url)):
                raise KeyError
    text = telemetry.exposition()[0].decode()

    assert 'outbound_requests_total{outcome="answered"} 1.0' in text
    assert 'outbound_requests_total{outcome="address_forbidden"} 1.0' in text
    assert 'outbound_requests_total{outcome="left"} 1.0' in text
