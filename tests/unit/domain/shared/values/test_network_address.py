"""Which addresses belong to everybody, and whom the others belong to."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.network_address import (
    AddressKind,
    IPAddress,
    carried_address,
    is_public,
    kind_of,
    parse_address,
)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", AddressKind.PUBLIC),
        ("100.63.255.255", AddressKind.PUBLIC),
        ("100.128.0.0", AddressKind.PUBLIC),
        ("168.63.129.15", AddressKind.PUBLIC),
        ("198.20.0.0", AddressKind.PUBLIC),
        ("223.255.255.255", AddressKind.PUBLIC),
        ("2606:4700:4700::1111", AddressKind.PUBLIC),
        ("64:ff9b::8.8.8.8", AddressKind.PUBLIC),
        ("::ffff:8.8.8.8", AddressKind.PUBLIC),
        ("0.0.0.0", AddressKind.UNSPECIFIED),
        ("::", AddressKind.UNSPECIFIED),
        ("127.0.0.1", AddressKind.LOOPBACK),
        ("::1", AddressKind.LOOPBACK),
        ("::ffff:127.0.0.1", AddressKind.LOOPBACK),
        ("64:ff9b::127.0.0.1", AddressKind.LOOPBACK),
        ("10.255.255.255", AddressKind.PRIVATE),
        ("fc00::1", AddressKind.PRIVATE),
        ("fec0::1", AddressKind.PRIVATE),
        ("100.64.0.1", AddressKind.SHARED),
        ("169.254.1.1", AddressKind.LINK_LOCAL),
        ("fe80::1", AddressKind.LINK_LOCAL),
        ("169.254.169.254", AddressKind.METADATA),
        ("64:ff9b::169.254.169.254", AddressKind.METADATA),
        ("2002:a9fe:a9fe::", AddressKind.METADATA),
        ("100.100.100.200", AddressKind.METADATA),
        ("fd00:ec2::254", AddressKind.METADATA),
        ("224.0.0.1", AddressKind.MULTICAST),
        ("ff0e::1", AddressKind.MULTICAST),
        ("203.0.113.9", AddressKind.DOCUMENTATION),
        ("3fff::1", AddressKind.DOCUMENTATION),
        ("198.18.0.1", AddressKind.BENCHMARK),
        ("2001:2::1", AddressKind.BENCHMARK),
        ("2002:808:808::", AddressKind.RELAYED),
        ("2001:0:1::1", AddressKind.RELAYED),
        ("192.88.99.1", AddressKind.RELAYED),
        ("192.0.0.8", AddressKind.RESERVED),
        ("240.0.0.1", AddressKind.RESERVED),
        ("2001:20::1", AddressKind.RESERVED),
        ("::8.8.8.8", AddressKind.RESERVED),
        ("100::1", AddressKind.RESERVED),
        ("64:ff9b:1::1", AddressKind.RESERVED),
        ("255.255.255.255", AddressKind.BROADCAST),
    ],
)
def test_an_address_is_of_one_kind(address: str, kind: AddressKind) -> None:
    assert kind_of(ip_address(address)) is kind


@pytest.mark.parametrize(
    ("address", "carried"),
    [
        ("8.8.8.8", None),
        ("2606:4700::1", None),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("64:ff9b::1.2.3.4", "1.2.3.4"),
        ("2002:102:304::", "1.2.3.4"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"),
        ("2606:4700::5efe:1.2.3.4", "1.2.3.4"),
        ("2606:4700::200:5efe:1.2.3.4", "1.2.3.4"),
    ],
)
def test_an_address_may_carry_another(address: str, carried: str | None) -> None:
    assert carried_address(ip_address(address)) == (carried and ip_address(carried))


def test_a_zone_is_forgotten_and_a_mapped_address_unwrapped() -> None:
    assert parse_address("fe80::1%eth0") == ip_address("fe80::1")
    assert parse_address("::ffff:10.0.0.1") == ip_address("10.0.0.1")
    with pytest.raises(ValueError, match="does not appear"):
        parse_address("example.com")


@given(st.ip_addresses())
def test_nothing_is_public_that_python_knows_to_be_special(wrapped: IPAddress) -> None:
    address = parse_address(str(wrapped))
    special = address.is_loopback or address.is_link_local or address.is_multicast
    special = special or address.is_unspecified or address.is_reserved or address.is_private
    # A translator's addresses are reserved for it, and lead to what they carry.
    if address not in ip_network("64:ff9b::/96"):
        assert not (special and is_public(address))


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_never_more_public_than_what_is_inside(inner: IPv4Address) -> None:
    number = int(inner)
    wrapped = (
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x20010000 << 96) | (~number & 0xFFFFFFFF)),
        IPv6Address((0x26064700 << 96) | (0x5EFE << 32) | number),
    )

    for outer in wrapped:
        assert is_public(inner) or not is_public(outer)
