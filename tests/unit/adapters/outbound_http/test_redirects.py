"""A redirect is asked like a first request, and no credential goes where it was not meant to."""

from dataclasses import replace

import pytest

from dify_hex.adapters.outbound_http.asking import Asking
from dify_hex.application.shared.outbound_http import OutboundHttp
from dify_hex.domain.shared.outbound_errors import (
    OutboundAddressForbidden,
    OutboundRedirectsExceeded,
    OutboundResponseInvalid,
)
from dify_hex.domain.shared.values.outbound_url import OutboundUrl
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.outbound import LIMITS, a_request
from tests.fakes.hostile_server import HostileServer, hostile_server, ok, redirect
from tests.fakes.outbound import ScriptedResolver, guarded_client


async def test_redirects_are_followed_to_their_end(
    client: OutboundHttp, server: HostileServer
) -> None:
    server.answer("/a", redirect("/b"))
    server.answer("/b", redirect("c?x=1#part"))
    server.answer("/c", ok(b"here"))

    answer = await client.send(a_request(server.url("/a")))

    assert (answer.body, answer.url) == (b"here", server.url("/c?x=1"))


async def test_redirects_come_to_an_end(client: OutboundHttp, server: HostileServer) -> None:
    url = server.answer("/", redirect("/"))

    with pytest.raises(OutboundRedirectsExceeded) as refused:
        await client.send(a_request(url, limits=replace(LIMITS, max_redirects=3)))

    assert refused.value.details == {"host": "127.0.0.1", "limit": 3}
    assert len(server.received) == 4


async def test_a_redirect_is_the_answer_where_none_is_wanted(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", redirect("http://10.0.0.1/"))

    answer = await client.send(a_request(url, limits=replace(LIMITS, max_redirects=0)))

    assert answer.status == 302


@pytest.mark.parametrize("status", [300, 304, 305])
async def test_other_statuses_point_nowhere(
    client: OutboundHttp, server: HostileServer, status: int
) -> None:
    url = server.answer("/", redirect("/b", status))

    assert (await client.send(a_request(url))).status == status


async def test_a_redirect_without_a_target_is_the_answer(
    client: OutboundHttp, server: HostileServer
) -> None:
    url = server.answer("/", ok(status="302 Found"))

    assert (await client.send(a_request(url))).status == 302


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.2]/",
        "http://127.0.0.2/",
        "//127.0.0.2/",
        "http://inside.example/",
    ],
)
async def test_a_redirect_inside_is_refused(
    client: OutboundHttp, resolver: ScriptedResolver, server: HostileServer, target: str
) -> None:
    resolver.lead("inside.example", ("10.0.0.1",))
    url = server.answer("/", redirect(target))

    with pytest.raises(OutboundAddressForbidden):
        await client.send(a_request(url))


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://user@127.0.0.1/",
        "http:\\\\127.0.0.1",
        "http://[::1",
        "javascript:alert(1)",
        "http://\xdf/",
    ],
)
async def test_a_redirect_to_nowhere_is_no_answer(
    client: OutboundHttp, server: HostileServer, target: str
) -> None:
    url = server.answer("/", redirect(target))

    with pytest.raises(OutboundResponseInvalid) as refused:
        await client.send(a_request(url))

    assert refused.value.details["reason"] == "location"


async def test_a_name_that_leads_elsewhere_the_second_time_is_judged_again(
    client: OutboundHttp, resolver: ScriptedResolver, server: HostileServer
) -> None:
    resolver.lead("rebinding.example", ("127.0.0.1",), ("169.254.169.254",))
    server.answer("/", redirect("/again"))

    with pytest.raises(OutboundAddressForbidden):
        await client.send(a_request(server.url(host="rebinding.example")))

    assert [request.target for request in server.received] == ["/"]


async def test_what_was_judged_is_what_is_asked(
    client: OutboundHttp, resolver: ScriptedResolver, server: HostileServer
) -> None:
    # Whoever resolved a second time, to connect, would be led to nobody.
    resolver.lead("rebinding.example", ("127.0.0.1",), ("127.0.0.2",))
    server.answer("/", ok(b"judged"))

    answer = await client.send(a_request(server.url(host="rebinding.example")))

    assert answer.body == b"judged"
    assert resolver.asked == ["rebinding.example"]


SECRETS = {
    "headers": (
        ("Cookie", "a=b"),
        ("X-Api-Key", "plain"),
        ("X-Custom", "1"),
        ("Accept", "a/b"),
        ("Idempotency-Key", "attempt-1"),
        ("Content-Type", "text/plain"),
    ),
    "secret_headers": (
        ("Authorization", SecretText("Bearer 123")),
        ("Accept-Language", SecretText("a strange place for one")),
    ),
}


async def test_credentials_stay_with_their_origin(server: HostileServer) -> None:
    async with hostile_server() as other, guarded_client() as client:
        server.answer("/same", redirect("/away"))
        server.answer("/away", redirect(other.url("/back"), 307))
        other.answer("/back", redirect(server.url("/end"), 307))
        server.answer("/end", ok())

        await client.send(a_request(server.url("/same"), method="PUT", body=b"x", **SECRETS))

        (there,) = other.received
        same, away, end = server.received
    assert same.headers["authorization"] == away.headers["authorization"] == "Bearer 123"
    assert away.headers["x-api-key"] == "plain"
    for foreign in (there, end):
        assert not foreign.headers.keys() & {"authorization", "cookie", "x-api-key", "x-custom"}
        assert "a strange place" not in str(foreign.headers)
        assert foreign.headers["idempotency-key"] == "attempt-1"
        assert foreign.headers["accept"] == "a/b"
        assert foreign.headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        *[(status, method, method) for status in (307, 308) for method in ("GET", "POST", "PUT")],
        *[(status, "POST", "GET") for status in (301, 302, 303)],
        *[(status, "HEAD", "HEAD") for status in (301, 302, 303)],
        *[(status, "PUT", "PUT") for status in (301, 302)],
        *[(303, method, "GET") for method in ("PUT", "DELETE", "PATCH")],
    ],
)
async def test_the_method_changes_as_in_browsers(
    client: OutboundHttp, server: HostileServer, status: int, method: str, then: str
) -> None:
    server.answer("/", redirect("/b", status))
    server.answer("/b", ok())

    await client.send(
        a_request(
            server.url(), method=method, body=b"body", headers=(("Content-Type", "text/plain"),)
        )
    )

    _, second = server.received
    keeps = method == then and method != "HEAD"
    assert second.method == then
    assert second.body == (b"body" if keeps or method == "HEAD" else b"")
    if method != then:
        assert not any(name.startswith("content-") for name in second.headers)


def test_a_request_on_its_way_shows_no_secret() -> None:
    asking = Asking.first(a_request("http://a.example/", body=b"password", **SECRETS))

    assert "Bearer" not in repr(asking)
    assert "password" not in repr(asking)


def test_a_downgrade_is_another_origin() -> None:
    asking = Asking.first(a_request("https://a.example/", **SECRETS))

    there = asking.redirected(302, OutboundUrl.parse("http://a.example/"))

    assert b"Authorization" not in dict(there.headers)
