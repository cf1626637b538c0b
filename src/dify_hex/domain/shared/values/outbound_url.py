"""The address of a request that leaves: read once, strictly, and never again from its text."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from unicodedata import normalize
from urllib.parse import quote, urljoin, urlsplit

from dify_hex.domain.shared.outbound_errors import OutboundUrlInvalid
from dify_hex.domain.shared.values.network_address import IPAddress

MAX_URL_LENGTH = 8192
_MAX_HOST_LENGTH = 253
_DEFAULT_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)\]|(?P<name>[^\[\]:@%]+))(?::(?P<port>[0-9]{0,5}))?"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
#: A last label that somebody's resolver may take for a number, and the name for an address.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: Letters that the two generations of internationalised names write differently.
_AMBIGUOUS = frozenset("ßς\u200c\u200d")
#: What stays as it is in a path and in a query; the rest is written with percent signs.
_SAFE_IN_PATH = "/:@!$&'()*+,;=~[]"
_SAFE_IN_QUERY = _SAFE_IN_PATH + "?"
_ESCAPED = re.compile(r"(%[0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundUrl:
    """Where a request goes; made by `parse` and `follow` only.

    `host` is what was checked, what is resolved, what TLS asks for and what the server is told:
    lower case, in ASCII, without brackets and without a dot at its end.
    """

    scheme: str
    host: str
    port: int
    #: Path and query, percent-encoded; at least `/`.
    target: str

    @classmethod
    def parse(cls, text: str) -> "OutboundUrl":
        """Read an absolute address; spaces around it and its fragment are dropped.

        Raises:
            OutboundUrlInvalid: saying in `reason` what is wrong: `malformed`, `scheme`, `host`,
                `port` or `credentials`.
        """
        text = text.strip(" \t\r\n")
        if len(text) > MAX_URL_LENGTH or "\\" in text or not _is_one_line(text):
            raise OutboundUrlInvalid(reason="malformed")
        try:
            parts = urlsplit(text)
        except ValueError:
            raise OutboundUrlInvalid(reason="malformed") from None
        if parts.scheme not in _DEFAULT_PORTS:
            raise OutboundUrlInvalid(reason="scheme")
        if "@" in parts.netloc:
            raise OutboundUrlInvalid(reason="credentials")
        host, port = _host_and_port(parts.netloc)
        target = _encoded(parts.path or "/", _SAFE_IN_PATH)
        if parts.query:
            target += "?" + _encoded(parts.query, _SAFE_IN_QUERY)
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port or _DEFAULT_PORTS[parts.scheme],
            target=target,
        )

    @property
    def address(self) -> IPAddress | None:
        """The address that the host is, when it is not a name."""
        try:
            return IPv6Address(self.host) if ":" in self.host else IPv4Address(self.host)
        except AddressValueError:
            return None

    @property
    def authority(self) -> str:
        """What the `Host` header says: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Who is asked; credentials are for one origin."""
        return self.scheme, self.host, self.port

    def follow(self, reference: str) -> "OutboundUrl":
        """The address that a redirect names, relative to this one.

        Raises:
            OutboundUrlInvalid: it is none.
        """
        reference = reference.strip(" \t\r\n")
        if len(reference) > MAX_URL_LENGTH or not _is_one_line(reference):
            raise OutboundUrlInvalid(reason="malformed")
        try:
            return OutboundUrl.parse(urljoin(str(self), reference))
        except ValueError:
            raise OutboundUrlInvalid(reason="malformed") from None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def ascii_host(text: str) -> str:
    """The one form of a host's name or address; that of IPv6 comes without brackets.

    Numbers that are no plain address (decimal, octal, hexadecimal, shortened) are refused rather
    than guessed at.

    Raises:
        OutboundUrlInvalid: it can be no host.
    """
    if len(text) > _MAX_HOST_LENGTH or "%" in text or _AMBIGUOUS.intersection(text):
        raise OutboundUrlInvalid(reason="host")
    if ":" in text:
        return _plain_address(text)
    name = normalize("NFKC", text)
    try:
        name = (name if name.isascii() else name.encode("idna").decode()).lower()
    except UnicodeError:
        raise OutboundUrlInvalid(reason="host") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > _MAX_HOST_LENGTH or not all(map(_LABEL.fullmatch, labels)):
        raise OutboundUrlInvalid(reason="host")
    if _NUMBER.fullmatch(labels[-1]):
        return _plain_address(name)
    return name


def _host_and_port(authority: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise OutboundUrlInvalid(reason="host")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise OutboundUrlInvalid(reason="port")
    return ascii_host(found["six"] or found["name"]), port


def _plain_address(text: str) -> str:
    try:
        return str(IPv6Address(text) if ":" in text else IPv4Address(text))
    except AddressValueError:
        raise OutboundUrlInvalid(reason="host") from None


def _is_one_line(text: str) -> bool:
    """Whether nothing in it could end a line, or hide from whoever reads it."""
    return not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in text)


def _encoded(text: str, safe: str) -> str:
    pieces = _ESCAPED.split(text)
    try:
        return "".join(
            piece if position % 2 else quote(piece, safe=safe)
            for position, piece in enumerate(pieces)
        )
    except UnicodeError:
        raise OutboundUrlInvalid(reason="malformed") from None
