"""What one server is asked, and what is left of it when that server points to another."""

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace

from dify_hex.application.shared.outbound_http import OutboundBody, OutboundRequest
from dify_hex.domain.shared.outbound_errors import OutboundRequestInvalid
from dify_hex.domain.shared.values.outbound_url import OutboundUrl

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_MAX_HEADER_BYTES = 64 << 10
#: Methods that are no requests to a server, or that give the request's credentials back.
_REFUSED_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
#: Say where a message ends and how it travels, which is the client's business alone.
_FRAMING = frozenset(
    {
        *("connection", "content-length", "expect", "host", "http2-settings", "keep-alive"),
        *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding"),
        "upgrade",
    }
)
#: All that another origin is told. Any other name may be that of a credential.
_HARMLESS = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "cache-control", "content-disposition"),
        *("content-encoding", "content-language", "content-type", "idempotency-key", "if-match"),
        *("if-modified-since", "if-none-match", "if-unmodified-since", "pragma", "prefer"),
        *("range", "traceparent", "user-agent"),
    }
)
_USUAL = (
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"user-agent", b"dify-hex"),
)

#: Names and values as they are sent.
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request as it goes to one server."""

    method: str
    url: OutboundUrl
    headers: Headers = field(repr=False)
    #: Headers that are for the first origin only, whatever they are called.
    secrets: Headers = field(repr=False)
    body: bytes | OutboundBody | None = field(repr=False)

    @classmethod
    def first(cls, request: OutboundRequest) -> "Asking":
        """The request as it goes to the server that it names.

        Raises:
            OutboundUrlInvalid, OutboundRequestInvalid: it cannot be sent.
        """
        url = OutboundUrl.parse(request.url)
        method = request.method.upper()
        if not _TOKEN.fullmatch(method) or method in _REFUSED_METHODS:
            raise OutboundRequestInvalid(host=url.host, reason="method")
        revealed = ((name, secret.reveal()) for name, secret in request.secret_headers)
        headers, secrets = _read(request.headers, url.host), _read(revealed, url.host)
        if sum(len(name) + len(value) for name, value in headers + secrets) > _MAX_HEADER_BYTES:
            raise OutboundRequestInvalid(host=url.host, reason="headers_too_large")
        return cls(method=method, url=url, headers=headers, secrets=secrets, body=request.body)

    def redirected(self, status: int, url: OutboundUrl) -> "Asking":
        """What browsers would ask there; another origin gets no header that could be secret."""
        headers, secrets, method, body = self.headers, self.secrets, self.method, self.body
        becomes_get = method == "POST" if status in (301, 302) else status == 303
        if becomes_get and method != "HEAD":
            method, body = "GET", None
            headers = tuple(pair for pair in headers if not _lower(pair).startswith("content-"))
        if url.origin != self.url.origin:
            headers = tuple(pair for pair in headers if _lower(pair) in _HARMLESS)
            secrets = ()
        return replace(self, method=method, url=url, headers=headers, secrets=secrets, body=body)

    def wire_headers(self) -> list[tuple[bytes, bytes]]:
        """All headers, with those that frame the message."""
        given = self.headers + self.secrets
        known = set(map(_lower, given))
        usual = [pair for pair in _USUAL if _lower(pair) not in known]
        return [(b"host", self.url.authority.encode()), *given, *usual, *self._framing()]

    def content(self) -> AsyncIterator[bytes]:
        """The body from its beginning.

        Raises:
            OutboundRequestInvalid: while it is read, when it has not the length that it said.
        """
        if self.body is None or isinstance(self.body, bytes):
            return _whole(self.body)
        return _measured(self.body, self.url.host)

    def _framing(self) -> list[tuple[bytes, bytes]]:
        if self.body is None:
            length: int | None = 0
        elif isinstance(self.body, bytes):
            length = len(self.body)
        else:
            length = self.body.length
        if length is None:
            return [(b"transfer-encoding", b"chunked")]
        if self.body is None and self.method in _BODILESS:
            return []
        return [(b"content-length", b"%d" % length)]


async def _whole(body: bytes | None) -> AsyncIterator[bytes]:
    if body:
        yield body


async def _measured(body: OutboundBody, host: str) -> AsyncIterator[bytes]:
    expected, sent = body.length, 0
    async for part in body.open():
        sent += len(part)
        if expected is not None and sent > expected:
            break
        if part:
            # An empty part would end a body in chunks.
            yield part
    if expected is not None and sent != expected:
        raise OutboundRequestInvalid(host=host, reason="body")


def _lower(pair: tuple[bytes, bytes]) -> str:
    return pair[0].decode().lower()


def _read(headers: Iterable[tuple[str, str]], host: str) -> Headers:
    """The headers in bytes, without those that are not for callers to set.

    Raises:
        OutboundRequestInvalid: one of them would not stay one header.
    """
    read = []
    for name, text in headers:
        value = text.strip(" \t\r\n")
        is_one_line = all(sign == "\t" or (sign >= " " and sign != "\x7f") for sign in value)
        if not _TOKEN.fullmatch(name) or not is_one_line:
            raise OutboundRequestInvalid(host=host, reason="header")
        if name.lower() not in _FRAMING:
            read.append((name.encode(), value.encode(errors="replace")))
    return tuple(read)
