"""What one server is asked, and what is left of it when that server points to another."""

import re
from collections.abc import AsyncIterator
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
_DEFAULTS = (("accept", "*/*"), ("accept-encoding", "gzip, deflate"), ("user-agent", "dify-hex"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request as it goes to one server."""

    method: str
    url: OutboundUrl
    #: Secret ones among them, so that they are never shown.
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
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
        given = [*request.headers]
        given += [(name, secret.reveal()) for name, secret in request.secret_headers]
        headers = [_header(name, value, url.host) for name, value in given]
        known = {name.lower() for name, _ in headers}
        headers += [
            (name.encode(), value.encode())
            for name, value in _DEFAULTS
            if name.encode() not in known
        ]
        if sum(len(name) + len(value) for name, value in headers) > _MAX_HEADER_BYTES:
            raise OutboundRequestInvalid(host=url.host, reason="headers_too_large")
        kept = tuple(pair for pair in headers if pair[0].lower().decode() not in _FRAMING)
        return cls(method=method, url=url, headers=kept, body=request.body)

    def redirected(self, status: int, url: OutboundUrl) -> "Asking":
        """What browsers would ask there; another origin gets no header that could be secret."""
        headers, method, body = self.headers, self.method, self.body
        becomes_get = method == "POST" if status in (301, 302) else status == 303
        if becomes_get and method != "HEAD":
            method, body = "GET", None
            headers = tuple(pair for pair in headers if not _lower(pair).startswith("content-"))
        if url.origin != self.url.origin:
            headers = tuple(pair for pair in headers if _lower(pair) in _HARMLESS)
        return replace(self, method=method, url=url, headers=headers, body=body)

    def wire_headers(self) -> list[tuple[bytes, bytes]]:
        """All headers, with those that frame the message."""
        return [(b"host", self.url.authority.encode()), *self.headers, *self._framing()]

    def content(self) -> AsyncIterator[bytes]:
        """The body from its beginning."""
        if self.body is None or isinstance(self.body, bytes):
            return _whole(self.body)
        return self.body.open()

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


def _lower(pair: tuple[bytes, bytes]) -> str:
    return pair[0].decode().lower()


def _header(name: str, value: str, host: str) -> tuple[bytes, bytes]:
    value = value.strip(" \t\r\n")
    is_one_line = all(sign == "\t" or (sign >= " " and sign != "\x7f") for sign in value)
    if not _TOKEN.fullmatch(name) or not is_one_line:
        raise OutboundRequestInvalid(host=host, reason="header")
    return name.encode(), value.encode(errors="replace")
