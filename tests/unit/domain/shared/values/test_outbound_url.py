"""Addresses are read once and strictly; what is read is what is checked, asked and told."""

import socket
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.outbound_errors import OutboundAddressForbidden, OutboundUrlInvalid
from dify_hex.domain.shared.values.network_address import IPAddress, is_public, parse_address
from dify_hex.domain.shared.values.outbound_rules import (
    OutboundRules,
    admit_addresses,
    admit_name,
)
from dify_hex.domain.shared.values.outbound_url import MAX_URL_LENGTH, OutboundUrl, ascii_host
from tests.fakes.hostile_urls import Attempt, attempts

NOTHING_SAID = (OutboundRules(),)


def judge(text: str, addresses: list[IPAddress]) -> str:
    try:
        url = OutboundUrl.parse(text)
        admit_name(url, NOTHING_SAID)
        found = [parse_address(url.host)] if url.address else addresses
        assert found, "the file says where the name leads"
        admit_addresses(url, found, NOTHING_SAID)
    except OutboundUrlInvalid:
        return "invalid"
    except OutboundAddressForbidden:
        return "forbidden"
    return "admitted"


@pytest.mark.parametrize("attempt", attempts(), ids=lambda attempt: ascii(attempt.url))
def test_no_trick_leads_inside(attempt: Attempt) -> None:
    addresses = [parse_address(address) for address in attempt.addresses]

    assert judge(attempt.url, addresses) == attempt.verdict


def test_there_are_tricks_enough() -> None:
    assert len(attempts()) >= 60


@pytest.mark.parametrize(
    ("text", "host", "port", "written"),
    [
        ("http://example.com", "example.com", 80, "http://example.com/"),
        ("HTTPS://EXAMPLE.com:443/A?b=c#d", "example.com", 443, "https://example.com/A?b=c"),
        ("https://example.com.:8443/", "example.com", 8443, "https://example.com:8443/"),
        ("http://example.com:/x", "example.com", 80, "http://example.com/x"),
        ("  http://example.com/a b \n", "example.com", 80, "http://example.com/a%20b"),
        ("http://bücher.example/ü?ü=ü", "xn--bcher-kva.example", 80, None),
        ("http://my_host.example/", "my_host.example", 80, "http://my_host.example/"),
        ("http://8.8.8.8:8080/", "8.8.8.8", 8080, "http://8.8.8.8:8080/"),
        ("http://[2606:4700:0::1]/x", "2606:4700::1", 80, "http://[2606:4700::1]/x"),
        ("http://a.example?x=1", "a.example", 80, "http://a.example/?x=1"),
        ("http://a.example/%7e%zz?100%", "a.example", 80, "http://a.example/%7e%25zz?100%25"),
        ("http://a.example/a@b:c", "a.example", 80, "http://a.example/a@b:c"),
        ("http://1e100.net/", "1e100.net", 80, "http://1e100.net/"),
        ("http://4.example/", "4.example", 80, "http://4.example/"),
    ],
)
def test_an_ordinary_address_is_understood(
    text: str, host: str, port: int, written: str | None
) -> None:
    url = OutboundUrl.parse(text)

    assert (url.host, url.port) == (host, port)
    assert written is None or str(url) == written
    assert str(url).isascii()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ftp://example.com/", "scheme"),
        ("http://a:b@example.com/", "credentials"),
        ("http://exa mple.com/", "host"),
        (f"http://{'a' * 254}/", "host"),
        (f"http://{'ü' * 63}/", "host"),
        ("http://example.com:70000/", "port"),
        ("http://example.com/\ud800", "malformed"),
        ("http://example.com?\ud800", "malformed"),
        (f"http://example.com/{'a' * MAX_URL_LENGTH}", "malformed"),
    ],
)
def test_the_refusal_says_what_is_wrong_but_not_the_address(text: str, reason: str) -> None:
    with pytest.raises(OutboundUrlInvalid) as refused:
        OutboundUrl.parse(text)

    assert refused.value.details == {"reason": reason}


@pytest.mark.parametrize("host", ["::g", "1::2::3", "fe80::1%eth0", "1:2", "", "a..b", "1.2.3"])
def test_what_can_be_no_host_is_refused(host: str) -> None:
    with pytest.raises(OutboundUrlInvalid):
        ascii_host(host)


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("/b", "https://example.com:8443/b"),
        ("c?d", "https://example.com:8443/a/c?d"),
        ("?e", "https://example.com:8443/a/x?e"),
        ("//other.example/f", "https://other.example/f"),
        ("http://other.example", "http://other.example/"),
        (" /g#h ", "https://example.com:8443/g"),
        ("../../../i", "https://example.com:8443/i"),
        ("/ä", "https://example.com:8443/%C3%A4"),
    ],
)
def test_a_redirect_is_relative_to_who_sent_it(reference: str, target: str) -> None:
    assert str(OutboundUrl.parse("https://example.com:8443/a/x?y").follow(reference)) == target


@pytest.mark.parametrize(
    "reference",
    ["file:///etc/passwd", "/\r\nX: 1", "\\\\evil", "//[::1", "http://a@b/", "x" * 9000],
)
def test_a_redirect_to_nowhere_is_refused(reference: str) -> None:
    with pytest.raises(OutboundUrlInvalid):
        OutboundUrl.parse("https://example.com/").follow(reference)


def test_origins_differ_by_scheme_host_and_port() -> None:
    texts = ["http://a.example", "https://a.example", "http://b.example", "http://a.example:81"]

    assert len({OutboundUrl.parse(text).origin for text in texts}) == 4
    assert OutboundUrl.parse("http://A.example:80/x").origin == ("http", "a.example", 80)


@given(st.text(alphabet=st.characters(max_codepoint=0x2FFF), max_size=40))
def test_a_name_that_passes_is_no_address_to_any_resolver(host: str) -> None:
    try:
        url = OutboundUrl.parse(f"http://{host}/")
    except OutboundUrlInvalid:
        return
    if url.address is None:
        with pytest.raises(OSError, match="illegal IP address"):
            socket.inet_aton(url.host)


@given(st.from_regex(r"[0-9a-fx.]{1,24}", fullmatch=True))
def test_whatever_looks_like_a_number_is_a_plain_address_or_refused(host: str) -> None:
    try:
        url = OutboundUrl.parse(f"http://{host}/")
    except OutboundUrlInvalid:
        return
    try:
        meant = IPv4Address(socket.inet_aton(host.removesuffix(".")))
    except OSError:
        assert url.address is None
        return
    assert url.address == meant


@given(st.text(max_size=80))
def test_what_was_read_reads_the_same_again(text: str) -> None:
    for attempt in (text, f"http://{text}", f"https://example.com/{text}"):
        try:
            url = OutboundUrl.parse(attempt)
        except OutboundUrlInvalid:
            continue
        assert OutboundUrl.parse(str(url)) == url
        assert all(0x20 < ord(sign) < 0x7F for sign in str(url))


@given(st.ip_addresses())
def test_only_public_addresses_are_admitted(address: IPAddress) -> None:
    text = f"http://[{address}]/" if address.version == 6 else f"http://{address}/"

    assert (judge(text, []) == "admitted") is is_public(address)
