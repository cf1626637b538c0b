"""Headers that anyone can write are believed only as far as they deserve."""

import re

import httpx
import pytest

from dify_hex.entrypoints.http.middleware.tracing import (
    TrustedProxies,
    request_id_from,
    scheme_of,
    trace_from,
)

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_sane_request_id_is_kept() -> None:
    assert request_id_from(b"order-2026.11:42_x") == "order-2026.11:42_x"


@pytest.mark.parametrize(
    "header", [None, b"", b"short", b"x" * 129, b"new\nline-in-it", b"<script>alert", b"-leading1"]
)
def test_any_other_request_id_is_replaced(header: bytes | None) -> None:
    assert re.fullmatch(r"req_[0-9a-f-]{36}", request_id_from(header))


def test_a_trace_goes_on_with_a_span_of_ours() -> None:
    trace, span = trace_from(TRACE)

    assert trace == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span != "00f067aa0ba902b7"
    assert len(span) == 16


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"nonsense",
        b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        TRACE.upper(),
    ],
)
def test_a_broken_trace_is_begun_anew(header: bytes | None) -> None:
    trace, _ = trace_from(header)

    assert re.fullmatch(r"[0-9a-f]{32}", trace)
    assert trace != "4bf92f3577b34da6a3ce929d0e0e4736"


def test_nobody_is_believed_unless_trusted() -> None:
    assert TrustedProxies().client_of("10.0.0.1", [b"6.6.6.6"]) == "10.0.0.1"
    proxies = TrustedProxies.parse(["10.0.0.0/8"])
    assert proxies.client_of("8.8.8.8", [b"6.6.6.6"]) == "8.8.8.8"


def test_the_chain_is_read_from_our_side() -> None:
    proxies = TrustedProxies.parse(["10.0.0.0/8", "fd00::/8"])

    assert proxies.client_of("10.0.0.1", [b"6.6.6.6, 9.9.9.9", b"10.0.0.2"]) == "9.9.9.9"
    assert proxies.client_of("10.0.0.1", [b"10.0.0.3, 10.0.0.2"]) == "10.0.0.3"
    assert proxies.client_of("fd00::1", [b"2001:db8::7"]) == "2001:db8::7"
    assert proxies.client_of("10.0.0.1", [b"9.9.9.9, not-an-address"]) == "10.0.0.1"
    assert proxies.client_of("10.0.0.1", []) == "10.0.0.1"


def test_the_scheme_is_the_clients_where_a_proxy_says_so() -> None:
    headers = {b"x-forwarded-proto": b"https"}

    assert scheme_of("http", headers, trusted=True) == "https"
    assert scheme_of("http", headers, trusted=False) == "http"
    assert scheme_of("http", {b"x-forwarded-proto": b"gopher"}, trusted=True) == "http"


async def test_ids_travel_back_with_the_answer(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/health/live", headers={"x-request-id": "my-request-1", "traceparent": TRACE.decode()}
    )

    assert answer.headers["x-request-id"] == "my-request-1"
    assert answer.headers["traceparent"].startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")


async def test_https_is_made_to_stick(client: httpx.AsyncClient) -> None:
    plain = await client.get("/health/live")
    secure = await client.get("/health/live", headers={"x-forwarded-proto": "https"})

    assert "strict-transport-security" not in plain.headers
    assert "max-age=63072000" in secure.headers["strict-transport-security"]


async def test_only_listed_origins_may_call_from_a_browser(client: httpx.AsyncClient) -> None:
    ask = {"access-control-request-method": "POST"}
    ours = await client.options("/v1/lamps", headers={"origin": "https://console.example", **ask})
    others = await client.options("/v1/lamps", headers={"origin": "https://evil.example", **ask})

    assert ours.headers["access-control-allow-origin"] == "https://console.example"
    assert "access-control-allow-origin" not in others.headers


async def test_every_answer_is_safe_to_show(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/v1/nowhere")).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
