"""Which servers requests may go to: what is open to everybody, and what an operator has said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from dify_hex.domain.shared.outbound_errors import OutboundAddressForbidden, OutboundUrlInvalid
from dify_hex.domain.shared.values.network_address import (
    AddressKind,
    IPAddress,
    IPNetwork,
    carried_address,
    kind_of,
)
from dify_hex.domain.shared.values.outbound_url import OutboundUrl, ascii_host

#: Ports of services that take a request's lines for commands of their own; the Fetch standard
#: closes them to browsers.
CLOSED_PORTS = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161),
        *(179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563),
        *(587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060),
        *(5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    }
)
#: Nobody serves there, and what connects to them lands elsewhere than it seems.
_NEVER = frozenset({AddressKind.UNSPECIFIED, AddressKind.MULTICAST, AddressKind.BROADCAST})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRule:
    """One entry of a list: a network, or a name, with or without a port."""

    network: IPNetwork | None = None
    #: In ASCII; `*.` before it means every name below it, and not it itself.
    name: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> "OutboundRule":
        """Read `10.0.0.0/8`, `10.0.0.5:8080`, `[fd00::/8]:443`, `*.example.com`, `example.com:80`.

        Raises:
            ValueError: it is none of these.
        """
        subject, port = _without_port(text.strip())
        try:
            return cls(network=ip_network(subject, strict=False), port=port)
        except ValueError:
            if "/" in subject or ":" in subject:
                raise ValueError(f"{text!r} is neither a network nor a name") from None
        wildcard = "*." if subject.startswith("*.") else ""
        try:
            return cls(name=wildcard + ascii_host(subject.removeprefix("*.")), port=port)
        except OutboundUrlInvalid:
            raise ValueError(f"{text!r} is neither a network nor a name") from None

    def names(self, url: OutboundUrl) -> bool:
        """Whether it speaks of the host's name."""
        if self.name is None or not self._is_for(url):
            return False
        if self.name.startswith("*."):
            return url.host.endswith(self.name[1:])
        return url.host == self.name

    def holds(self, address: IPAddress, url: OutboundUrl) -> bool:
        """Whether the address is in its network."""
        return self.network is not None and self._is_for(url) and address in self.network

    @property
    def is_exact(self) -> bool:
        """Whether it speaks of one address and no other."""
        return self.network is not None and self.network.num_addresses == 1

    def _is_for(self, url: OutboundUrl) -> bool:
        return self.port is None or self.port == url.port


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRules:
    """What one level says, the deployment or a tenant; of several levels each can refuse.

    Empty lists say: the open internet, and nothing else.
    """

    #: May be called although they are not public. Only whoever runs the service may decide that.
    opened: tuple[OutboundRule, ...] = ()
    #: When there are any, nothing else may be called.
    only: tuple[OutboundRule, ...] = ()
    #: May never be called, whatever else is said.
    denied: tuple[OutboundRule, ...] = ()

    @classmethod
    def parse(
        cls, *, opened: Iterable[str] = (), only: Iterable[str] = (), denied: Iterable[str] = ()
    ) -> "OutboundRules":
        """Read the three lists.

        Raises:
            ValueError: an entry is neither a network nor a name.
        """
        return cls(
            opened=tuple(map(OutboundRule.parse, opened)),
            only=tuple(map(OutboundRule.parse, only)),
            denied=tuple(map(OutboundRule.parse, denied)),
        )


def admit_name(url: OutboundUrl, levels: Sequence[OutboundRules]) -> None:
    """Judge what the address itself shows, before anybody is asked where it leads.

    Raises:
        OutboundAddressForbidden: with the reason `denied` or `not_listed`.
    """
    for level in levels:
        if any(rule.names(url) for rule in level.denied):
            raise OutboundAddressForbidden(host=url.host, reason="denied")
        if level.only and not any(_may_still_hold(rule, url) for rule in level.only):
            raise OutboundAddressForbidden(host=url.host, reason="not_listed")


def admit_addresses(
    url: OutboundUrl, addresses: Iterable[IPAddress], levels: Sequence[OutboundRules]
) -> None:
    """Judge all the addresses of a host; one that is refused refuses the host.

    Raises:
        OutboundAddressForbidden: with the reason `denied`, `not_listed`, `not_public` or `port`.
    """
    opened = [rule for level in levels for rule in level.opened]
    for address in addresses:
        carried = carried_address(address)
        faces = (address,) if carried is None else (address, carried)
        for level in levels:
            if any(rule.holds(face, url) for rule in level.denied for face in faces):
                raise OutboundAddressForbidden(host=url.host, reason="denied")
            if level.only and not any(_speaks_of(rule, faces[-1], url) for rule in level.only):
                raise OutboundAddressForbidden(host=url.host, reason="not_listed")
        if not _is_open(faces[-1], kind_of(address), url, opened):
            raise OutboundAddressForbidden(host=url.host, reason="not_public")
        if url.port in CLOSED_PORTS and not _opens_port(faces[-1], url, opened):
            raise OutboundAddressForbidden(host=url.host, reason="port")


def _is_open(
    address: IPAddress, kind: AddressKind, url: OutboundUrl, opened: Iterable[OutboundRule]
) -> bool:
    match kind:
        case AddressKind.PUBLIC:
            return True
        case AddressKind.METADATA:
            # Too much depends on these for a wide entry to open them unawares.
            return any(rule.is_exact and rule.holds(address, url) for rule in opened)
        case _ if kind in _NEVER:
            return False
        case _:
            return any(_speaks_of(rule, address, url) for rule in opened)


def _opens_port(address: IPAddress, url: OutboundUrl, opened: Iterable[OutboundRule]) -> bool:
    """Whether an entry names the port together with this host."""
    return any(rule.port == url.port and _speaks_of(rule, address, url) for rule in opened)


def _speaks_of(rule: OutboundRule, address: IPAddress, url: OutboundUrl) -> bool:
    return rule.names(url) or rule.holds(address, url)


def _may_still_hold(rule: OutboundRule, url: OutboundUrl) -> bool:
    """Whether the rule admits the name, or might admit an address of it."""
    return rule.names(url) or (rule.network is not None and rule.port in (None, url.port))


def _without_port(text: str) -> tuple[str, int | None]:
    subject, colon, port = text.rpartition(":")
    bracketed = subject.startswith("[") and subject.endswith("]")
    if not colon or (":" in subject and not bracketed):
        return text.removeprefix("[").removesuffix("]"), None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r} has no such port")
    return subject.removeprefix("[").removesuffix("]"), int(port)
