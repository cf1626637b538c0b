"""The one way out to servers that tenants, their graphs or other servers name."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.outbound_rules import OutboundRules
from dify_hex.domain.shared.values.secret_text import SecretText

#: Names and values as they are sent and came; names may repeat and are in any case.
Headers = tuple[tuple[str, str], ...]


class OutboundBody(Protocol):
    """A body that is read while it is sent, once more for each redirect that wants it again."""

    @property
    @abstractmethod
    def length(self) -> int | None:
        """Its bytes, when they are known; then exactly so many must come."""

    @abstractmethod
    def open(self) -> AsyncIterator[bytes]:
        """Its parts, from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundLimits:
    """How long and how much; what the deployment allows at most is never exceeded."""

    #: For each of: looking up the name, connecting, agreeing on encryption.
    connect_seconds: float = 10
    #: Between two pieces of the answer.
    read_seconds: float = 60
    #: Until the server takes the next piece of the body.
    write_seconds: float = 60
    #: For the whole exchange, redirects and the answer's body included.
    total_seconds: float = 120
    #: Of the answer, as it comes and unpacked.
    max_body_bytes: int = 10 << 20
    #: 0 hands a redirect on as the answer.
    max_redirects: int = 5

    def within(self, ceiling: "OutboundLimits") -> "OutboundLimits":
        """These limits, or the ceiling's where that is lower."""
        return OutboundLimits(
            connect_seconds=min(self.connect_seconds, ceiling.connect_seconds),
            read_seconds=min(self.read_seconds, ceiling.read_seconds),
            write_seconds=min(self.write_seconds, ceiling.write_seconds),
            total_seconds=min(self.total_seconds, ceiling.total_seconds),
            max_body_bytes=min(self.max_body_bytes, ceiling.max_body_bytes),
            max_redirects=min(self.max_redirects, ceiling.max_redirects),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRequest:
    """What is asked of whom, for which tenant.

    The client writes what frames a message itself: `Host`, `Content-Length`, `Connection` and
    their kin are left out of `headers`. An `Idempotency-Key` goes to every server asked, the same
    each time.
    """

    tenant_id: TenantId
    url: str
    method: str = "GET"
    headers: Headers = ()
    #: Sent to the origin of `url` only, and shown to nobody.
    secret_headers: tuple[tuple[str, SecretText], ...] = ()
    body: bytes | OutboundBody | None = None
    limits: OutboundLimits = field(default_factory=OutboundLimits)
    #: What the caller's own rules add to those of the deployment and of the tenant.
    rules: OutboundRules = field(default_factory=OutboundRules)
    #: Whether the server must prove to be who it says.
    verify_tls: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundResponse:
    """An answer that has come whole."""

    status: int
    headers: Headers
    #: Unpacked, where it came as gzip or deflate.
    body: bytes
    #: Who has answered in the end, after redirects.
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundStream:
    """An answer whose body is still coming; reading it raises what `OutboundHttp` raises."""

    status: int
    headers: Headers
    body: AsyncIterator[bytes]
    url: str


class OutboundHttp(Protocol):
    """Asks servers that are not ours, as if each of them and each address were hostile.

    Raises:
        OutboundUrlInvalid, OutboundRequestInvalid: nothing was sent.
        OutboundAddressForbidden: nothing was sent to that server.
        OutboundBusy: nothing was sent yet.
        OutboundUnreachable, OutboundTlsFailed: that server has not got the request.
        OutboundTimeout, OutboundResponseInvalid, OutboundResponseTooLarge,
        OutboundRedirectsExceeded: a server may have done what was asked.
    """

    @abstractmethod
    def stream(self, request: OutboundRequest) -> AbstractAsyncContextManager[OutboundStream]:
        """Ask, and read the answer's body inside the context; leaving it ends the exchange."""

    @abstractmethod
    async def send(self, request: OutboundRequest) -> OutboundResponse:
        """Ask, and take the whole answer; any status is one."""
