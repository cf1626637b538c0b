"""What is known about the request being handled, for everyone who handles a part of it."""

from contextvars import ContextVar
from dataclasses import dataclass

from dify_hex.application.shared.rate_limiter import Allowance

ENGLISH = "en"
CHINESE = "zh"


@dataclass(slots=True, kw_only=True)
class RequestContext:
    """One per request; filled in while the request passes inwards, read on the way out."""

    request_id: str
    trace_id: str = ""
    span_id: str = ""
    client_address: str = ""
    language: str = ENGLISH
    #: The narrowest rate limit that this request counted against, once it did.
    allowance: Allowance | None = None


_CURRENT: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)
#: What is seen outside any request, so that nobody has to ask whether there is one.
_OUTSIDE = RequestContext(request_id="")


def current_request() -> RequestContext:
    """The context of the request being handled."""
    return _CURRENT.get() or _OUTSIDE


def enter_request(context: RequestContext) -> None:
    """Make `context` the current one for the rest of this task."""
    _CURRENT.set(context)
