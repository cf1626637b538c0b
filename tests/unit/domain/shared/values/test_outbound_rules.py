"""What an operator opens and closes, and what nobody can open."""

from ipaddress import ip_address

import pytest

from dify_hex.domain.shared.outbound_errors import OutboundAddressForbidden
from dify_hex.domain.shared.values.outbound_rules import (
    CLOSED_PORTS,
    OutboundRule,
    OutboundRules,
    admit_addresses,
    admit_name,
)
from dify_hex.domain.shared.values.outbound_url import OutboundUrl

PUBLIC = "93.184.216.34"


def verdict(url: str, *addresses: str, levels: tuple[OutboundRules, ...]) -> str:
    """`admitted`, or why not."""
    read = OutboundUrl.parse(url)
    try:
        admit_name(read, levels)
        admit_addresses(read, [ip_address(one) for one in addresses], levels)
    except OutboundAddressForbidden as refused:
        return str(refused.details["reason"])
    return "admitted"


def opened(*entries: str) -> tuple[OutboundRules, ...]:
    return (OutboundRules.parse(opened=entries),)


@pytest.mark.parametrize(
    ("entries", "url", "address", "expected"),
    [
        (["10.0.0.0/8"], "http://crm.corp/", "10.1.2.3", "admitted"),
        (["10.0.0.0/8"], "http://crm.corp/", "192.168.0.1", "not_public"),
        (["10.0.0.5"], "http://10.0.0.5:9000/", "10.0.0.5", "admitted"),
        (["10.0.0.5:9000"], "http://10.0.0.5:9000/", "10.0.0.5", "admitted"),
        (["10.0.0.5:9000"], "http://10.0.0.5:6379/", "10.0.0.5", "not_public"),
        (["[fd00::/8]:443"], "https://crm.corp/", "fd00::1", "admitted"),
        (["[fd00::/8]:443"], "http://crm.corp/", "fd00::1", "not_public"),
        (["fd00::/8"], "http://crm.corp/", "fd00::1", "admitted"),
        (["*.corp"], "http://crm.corp/", "10.0.0.1", "admitted"),
        (["*.corp"], "http://corp/", "10.0.0.1", "not_public"),
        (["*.corp"], "http://evilcorp/", "10.0.0.1", "not_public"),
        (["CRM.corp:8080"], "http://crm.corp:8080/", "10.0.0.1", "admitted"),
        (["crm.corp:8080"], "http://crm.corp/", "10.0.0.1", "not_public"),
        (["bücher.corp"], "http://xn--bcher-kva.corp/", "10.0.0.1", "admitted"),
        (["10.0.0.0/8"], "http://crm.corp/", "64:ff9b::10.0.0.1", "admitted"),
        (["10.0.0.0/8"], "http://crm.corp/", "64:ff9b::192.168.0.1", "not_public"),
        (["127.0.0.0/8"], "http://localhost/", "127.0.0.1", "admitted"),
    ],
)
def test_what_is_opened_may_be_called(
    entries: list[str], url: str, address: str, expected: str
) -> None:
    assert verdict(url, address, levels=opened(*entries)) == expected


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "100.100.100.200"])
def test_a_metadata_service_opens_only_by_its_own_address(address: str) -> None:
    url = "http://metadata.corp/"

    assert verdict(url, address, levels=opened("0.0.0.0/0", "::/0", "*.corp")) == "not_public"
    assert verdict(url, address, levels=opened(address)) == "admitted"


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"])
def test_nobody_can_open_what_is_no_server(address: str) -> None:
    levels = opened("0.0.0.0/0", "::/0", address, "*.corp")

    assert verdict("http://x.corp/", address, levels=levels) == "not_public"


def test_the_refusal_names_the_host_alone() -> None:
    with pytest.raises(OutboundAddressForbidden) as refused:
        admit_addresses(
            OutboundUrl.parse("http://a.example/secret?key=1"), [ip_address("10.0.0.1")], ()
        )

    assert refused.value.details == {"host": "a.example", "reason": "not_public"}


def test_one_bad_address_spoils_the_name() -> None:
    assert verdict("http://a.example/", PUBLIC, "10.0.0.1", levels=()) == "not_public"
    assert verdict("http://a.example/", PUBLIC, "1.1.1.1", levels=()) == "admitted"


@pytest.mark.parametrize(
    ("entry", "url", "address"),
    [
        ("a.example", "http://a.example/", PUBLIC),
        ("*.example", "http://a.example/", PUBLIC),
        ("93.184.0.0/16", "http://a.example/", PUBLIC),
        ("a.example:80", "http://a.example/", PUBLIC),
        ("93.184.0.0/16", "http://a.example/", "64:ff9b::5db8:d822"),
        ("64:ff9b::/96", "http://a.example/", "64:ff9b::5db8:d822"),
    ],
)
def test_what_is_denied_stays_so_whatever_opens_it(entry: str, url: str, address: str) -> None:
    denying = OutboundRules.parse(denied=[entry])
    generous = OutboundRules.parse(opened=["0.0.0.0/0", "*.example"])

    assert verdict(url, address, levels=(denying, generous)) == "denied"
    assert verdict(url, address, levels=(generous, denying)) == "denied"


@pytest.mark.parametrize(
    ("only", "url", "address", "expected"),
    [
        (["a.example"], "http://a.example/", PUBLIC, "admitted"),
        (["a.example"], "http://b.example/", PUBLIC, "not_listed"),
        (["93.184.0.0/16"], "http://b.example/", PUBLIC, "admitted"),
        (["93.184.0.0/16"], "http://b.example/", "1.1.1.1", "not_listed"),
        (["93.184.0.0/16:443"], "http://b.example/", PUBLIC, "not_listed"),
        (["a.example", "1.1.1.0/24"], "http://b.example/", PUBLIC, "not_listed"),
        (["a.example"], "http://a.example/", "10.0.0.1", "not_public"),
    ],
)
def test_a_list_of_what_alone_may_be_called_opens_nothing_else(
    only: list[str], url: str, address: str, expected: str
) -> None:
    assert verdict(url, address, levels=(OutboundRules.parse(only=only),)) == expected


def test_every_level_can_narrow() -> None:
    deployment = OutboundRules.parse(only=["*.example"])
    tenant = OutboundRules.parse(only=["a.example"])

    assert verdict("http://a.example/", PUBLIC, levels=(deployment, tenant)) == "admitted"
    assert verdict("http://b.example/", PUBLIC, levels=(deployment, tenant)) == "not_listed"
    assert verdict("http://a.test/", PUBLIC, levels=(deployment, OutboundRules())) == "not_listed"


@pytest.mark.parametrize("port", sorted(CLOSED_PORTS))
def test_a_port_of_another_protocol_is_closed(port: int) -> None:
    assert verdict(f"http://a.example:{port}/", PUBLIC, levels=()) == "port"


def test_a_closed_port_opens_together_with_its_host_only() -> None:
    assert verdict("http://a.corp:25/", "10.0.0.1", levels=opened("10.0.0.0/8")) == "port"
    assert verdict("http://a.corp:25/", "10.0.0.1", levels=opened("10.0.0.1:25")) == "admitted"
    assert verdict("http://a.example:25/", PUBLIC, levels=opened("10.0.0.1:25")) == "port"
    assert verdict("http://a.example:25/", PUBLIC, levels=opened("a.example:25")) == "admitted"


@pytest.mark.parametrize(
    "entry",
    [
        *("", "*", "*.", "10.0.0.0/33", "a.example/8", "http://a.example", "a.example:0"),
        *("a.example:x", "a.example:70000", "a*.example", "fd00::/200", "[fd00::1]:x", "a b"),
    ],
)
def test_an_entry_that_means_nothing_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"neither|no such port"):
        OutboundRule.parse(entry)
