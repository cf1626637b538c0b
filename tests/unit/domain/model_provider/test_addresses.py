"""Which addresses a tenant may name, and which never."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.model_provider.addresses import (
    MAX_URL_LENGTH,
    checked_base_url,
    is_public_address,
)
from dify_hex.domain.model_provider.errors import ModelBaseUrlInvalid


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "104.18.6.192",
        "168.63.129.15",
        "168.63.129.17",
        "192.88.98.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:82a::200e",
    ],
)
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.0.192",
        "192.88.99.0",
        "192.88.99.1",
        "192.88.99.255",
        "168.63.129.16",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff0e::1",
        "2001:db8::1",
        "fec0::1",
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize(
    ("wrapped", "public"),
    [
        ("::ffff:127.0.0.1", False),
        ("::ffff:192.0.0.8", False),
        ("::ffff:168.63.129.16", False),
        ("64:ff9b::a83f:8110", False),
        ("2002:c058:6301::", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("2002:808:808::", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::808:808", True),
        ("::127.0.0.1", False),
    ],
)
def test_a_wrapped_address_is_judged_by_what_is_inside(wrapped: str, public: bool) -> None:
    assert is_public_address(wrapped) is public


@given(st.ip_addresses())
def test_no_private_or_loopback_address_passes(address: IPv4Address | IPv6Address) -> None:
    passes = is_public_address(str(address))
    assert not (passes and (address.is_loopback or address.is_link_local or address.is_multicast))


@pytest.mark.parametrize(
    ("given_url", "stored"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("  https://api.example.com/v1/ \n", "https://api.example.com/v1"),
        ("https://api.example.com", "https://api.example.com/v1"),
        ("http://api.example.com:8080/", "http://api.example.com:8080/v1"),
        ("https://api.example.com/openai/v1//", "https://api.example.com/openai/v1"),
        ("http://8.8.8.8/v1", "http://8.8.8.8/v1"),
        ("https://[2606:4700::1]/v1", "https://[2606:4700::1]/v1"),
    ],
)
def test_a_usable_address_gets_its_stored_form(given_url: str, stored: str) -> None:
    assert checked_base_url(given_url, private_allowed=False) == stored


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "scheme"),
        ("ftp://example.com", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("example.com/v1", "scheme"),
        ("https://", "malformed"),
        ("https:///v1", "malformed"),
        ("https://example.com:0/v1", "malformed"),
        ("https://example.com:99999/v1", "malformed"),
        ("https://example.com:x/v1", "malformed"),
        ("https://[::1/v1", "malformed"),
        ("https://exa mple.com", "malformed"),
        ("https://example.com\\@evil.example", "malformed"),
        ("https://exam\nple.com/", "malformed"),
        (f"https://example.com/{'a' * MAX_URL_LENGTH}", "malformed"),
        ("https://user:pass@example.com/v1", "credentials"),
        ("https://@example.com/v1", "credentials"),
        ("https://example.com/v1?x=1", "query"),
        ("https://example.com/v1?", "query"),
        ("https://example.com/v1#", "query"),
    ],
)
def test_an_unusable_address_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(ModelBaseUrlInvalid) as refused:
        checked_base_url(url, private_allowed=False)
    assert refused.value.details == {"reason": reason}


PRIVATE = [
    "http://localhost:11434/v1",
    "http://LOCALHOST./v1",
    "http://printer.local/v1",
    "http://metadata.google.internal/v1",
    "http://127.0.0.1:8000/v1",
    "http://[::1]:8000/v1",
    "http://169.254.169.254/latest",
    "http://192.168.0.10/v1",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused(url: str) -> None:
    with pytest.raises(ModelBaseUrlInvalid) as refused:
        checked_base_url(url, private_allowed=False)
    assert refused.value.details == {"reason": "private_address"}


@pytest.mark.parametrize("url", PRIVATE)
def test_an_operator_may_allow_private_addresses(url: str) -> None:
    assert checked_base_url(url, private_allowed=True) == url


@given(st.text(max_size=60))
def test_any_text_is_stored_or_refused(text: str) -> None:
    try:
        stored = checked_base_url(text, private_allowed=False)
    except ModelBaseUrlInvalid:
        return
    assert checked_base_url(stored, private_allowed=False) == stored
