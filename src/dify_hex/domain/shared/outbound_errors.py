"""What can go wrong when a request leaves for a server that somebody else has named.

InvalidInput
├── OutboundUrlInvalid           the text is no address that a request can go to
└── OutboundRequestInvalid       a method, a header or a body that no request can have
Forbidden
└── OutboundAddressForbidden     the server is not for those who asked
LimitReached
├── OutboundBusy                 too many requests are on their way already
├── OutboundRedirectsExceeded    the servers go on pointing elsewhere
└── OutboundResponseTooLarge     more came than is taken
Unavailable
├── OutboundUnreachable          there is no such name, or nobody answers there
├── OutboundTlsFailed            who answers cannot prove to be the one
├── OutboundTimeout              it took too long
└── OutboundResponseInvalid      what came is no answer

Details name the host at most: the rest of an address may hold credentials.
"""

from dify_hex.domain.shared.errors import Forbidden, InvalidInput, LimitReached, Unavailable


class OutboundUrlInvalid(InvalidInput):
    """The address of the request cannot be used."""

    code = "outbound_url_invalid"

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason=reason)


class OutboundRequestInvalid(InvalidInput):
    """The request cannot be sent."""

    code = "outbound_request_invalid"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)


class OutboundAddressForbidden(Forbidden):
    """Requests to this server are not allowed."""

    code = "outbound_address_forbidden"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)


class OutboundBusy(LimitReached):
    """Too many requests are under way; try again shortly."""

    code = "outbound_busy"

    def __init__(self, *, host: str) -> None:
        super().__init__(host=host, retry_after=1)


class OutboundRedirectsExceeded(LimitReached):
    """The request was redirected too often."""

    code = "outbound_redirects_exceeded"

    def __init__(self, *, host: str, limit: int) -> None:
        super().__init__(host=host, limit=limit)


class OutboundResponseTooLarge(LimitReached):
    """The answer is larger than allowed."""

    code = "outbound_response_too_large"

    def __init__(self, *, host: str, part: str, limit: int) -> None:
        super().__init__(host=host, part=part, limit=limit)


class OutboundUnreachable(Unavailable):
    """The server cannot be reached."""

    code = "outbound_unreachable"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)


class OutboundTlsFailed(Unavailable):
    """No secure connection to the server can be made."""

    code = "outbound_tls_failed"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)


class OutboundTimeout(Unavailable):
    """The server took too long."""

    code = "outbound_timeout"

    def __init__(self, *, host: str, phase: str) -> None:
        super().__init__(host=host, phase=phase)


class OutboundResponseInvalid(Unavailable):
    """The server's answer cannot be read."""

    code = "outbound_response_invalid"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(host=host, reason=reason)
