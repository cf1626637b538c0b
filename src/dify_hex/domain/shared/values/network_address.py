"""Tells the addresses of the open internet from all the others, however they are wrapped."""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


class AddressKind(StrEnum):
    """Whom an address belongs to."""

    PUBLIC = "public"
    UNSPECIFIED = "unspecified"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    #: Between a provider and its customers; some clouds have their own services there.
    SHARED = "shared"
    LINK_LOCAL = "link_local"
    #: Hands a machine's credentials to whoever asks from that machine.
    METADATA = "metadata"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    DOCUMENTATION = "documentation"
    BENCHMARK = "benchmark"
    #: Leads through a relay to an address that it names in itself.
    RELAYED = "relayed"
    RESERVED = "reserved"


#: The first network that holds an address says what kind it is.
_KINDS: Mapping[AddressKind, tuple[str, ...]] = {
    AddressKind.METADATA: (
        "169.254.169.254/32",
        # Containers and pods at Amazon, Oracle's first, Tencent's, Azure's, Alibaba's.
        "169.254.170.2/32",
        "169.254.170.23/32",
        "192.0.0.192/32",
        "169.254.0.23/32",
        "168.63.129.16/32",
        "100.100.100.200/32",
        # Amazon's and Google's, and OpenStack's.
        "fd00:ec2::254/128",
        "fd00:ec2::23/128",
        "fd20:ce::254/128",
        "fe80::a9fe:a9fe/128",
    ),
    AddressKind.UNSPECIFIED: ("0.0.0.0/8", "::/128"),
    AddressKind.LOOPBACK: ("127.0.0.0/8", "::1/128"),
    AddressKind.PRIVATE: (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        # Unique local, and what was site-local before it.
        "fc00::/7",
        "fec0::/10",
    ),
    AddressKind.SHARED: ("100.64.0.0/10",),
    AddressKind.LINK_LOCAL: ("169.254.0.0/16", "fe80::/10"),
    AddressKind.MULTICAST: ("224.0.0.0/4", "ff00::/8"),
    AddressKind.BROADCAST: ("255.255.255.255/32",),
    AddressKind.DOCUMENTATION: (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    ),
    AddressKind.BENCHMARK: ("198.18.0.0/15", "2001:2::/48"),
    # 6to4 with its relays, and Teredo: both given up, nobody serves anything there.
    AddressKind.RELAYED: ("192.88.99.0/24", "2002::/16", "2001::/32"),
    AddressKind.RESERVED: (
        "192.0.0.0/24",
        "240.0.0.0/4",
        # Protocol assignments, and a test network that was given back.
        "2001::/23",
        "3ffe::/16",
    ),
}
_NETWORKS: tuple[tuple[IPNetwork, AddressKind], ...] = tuple(
    (ip_network(network), kind) for kind, networks in _KINDS.items() for network in networks
)
#: All that is routed as IPv6 on the open internet.
_GLOBAL_UNICAST = ip_network("2000::/3")
#: Where a translator carries IPv6 on to the IPv4 address at its end (RFC 6052).
_TRANSLATED = ip_network("64:ff9b::/96")
#: Beginnings of the lower half of an ISATAP address, before the IPv4 address of a tunnel.
_TUNNELLED = (0x00005EFE, 0x02005EFE)
_LOW_32 = 0xFFFFFFFF


def parse_address(text: str) -> IPAddress:
    """The address that a numeric text names, without its zone; mapped ones as what they map.

    Raises:
        ValueError: it is none.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def kind_of(address: IPAddress) -> AddressKind:
    """What kind an address is; one that carries another is public only if both are."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    own = _own_kind(address)
    carried = carried_address(address)
    if carried is None:
        return own
    inner = _own_kind(carried)
    return inner if own is AddressKind.PUBLIC or inner is AddressKind.METADATA else own


def is_public(address: IPAddress) -> bool:
    """Whether the address belongs to the open internet."""
    return kind_of(address) is AddressKind.PUBLIC


def carried_address(address: IPAddress) -> IPv4Address | None:
    """The IPv4 address at which packets for this one come out, where the text itself says so."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    number = int(address)
    if address in _TRANSLATED or (number >> 32) & _LOW_32 in _TUNNELLED:
        return IPv4Address(number & _LOW_32)
    return None


def _own_kind(address: IPAddress) -> AddressKind:
    for network, kind in _NETWORKS:
        if address in network:
            return kind
    if isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST or address in _TRANSLATED:
        return AddressKind.PUBLIC
    return AddressKind.RESERVED
