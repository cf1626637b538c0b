"""Who a request is from and which trace it belongs to, read from headers that anyone can write."""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from dify_hex.application.shared.identity import new_id

_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{7,127}")
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_NO_TRACE = b"0" * 32
_NO_SPAN = b"0" * 16
#: Longer chains of proxies are made up.
_MAX_HOPS = 16


def request_id_from(header: bytes | None) -> str:
    """The caller's own id where it is a harmless one, else a fresh one."""
    if header is not None and _REQUEST_ID.fullmatch(header):
        return header.decode("ascii")
    return f"req_{new_id()}"


def trace_from(header: bytes | None) -> tuple[str, str]:
    """The trace to continue, or a new one, and the id of our own span in it."""
    match = _TRACEPARENT.fullmatch(header) if header is not None else None
    span = secrets.token_hex(8)
    if match is None or match[1] == _NO_TRACE or match[2] == _NO_SPAN:
        return secrets.token_hex(16), span
    return match[1].decode("ascii"), span


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks whose word about the client is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "TrustedProxies":
        """Addresses and networks as they stand in the settings."""
        return cls(tuple(ip_network(text, strict=False) for text in texts))

    def trusts(self, address: str) -> bool:
        """Whether the address is one of ours; a unix socket has none, and is local."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.networks)

    def client_of(self, peer: str, forwarded_for: Sequence[bytes]) -> str:
        """The first address, seen from here, that is not one of our own proxies."""
        if not self.networks or not self.trusts(peer):
            return peer
        hops = b",".join(forwarded_for).decode("latin-1").split(",")[-_MAX_HOPS:]
        client = peer
        for hop in reversed(hops):
            address = hop.strip()
            try:
                ip_address(address)
            except ValueError:
                break
            client = address
            if not self.trusts(address):
                break
        return client


def scheme_of(scope_scheme: str, headers: Mapping[bytes, bytes], *, trusted: bool) -> str:
    """The scheme that the client used, which a trusted proxy knows better than we."""
    if trusted and headers.get(b"x-forwarded-proto") in (b"https", b"http"):
        return headers[b"x-forwarded-proto"].decode("ascii")
    return scope_scheme
