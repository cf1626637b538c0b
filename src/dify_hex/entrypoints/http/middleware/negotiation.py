"""Refuses a request whose Accept excludes everything that its address can answer."""

from starlette.types import ASGIApp, Receive, Scope, Send

from dify_hex.entrypoints.http.errors import error_response
from dify_hex.entrypoints.http.problems import NotAcceptable
from dify_hex.entrypoints.http.route_table import RouteTable

#: What the API answers; which of the two, the request itself decides.
_OFFERED = (("application", "json"), ("text", "event-stream"))
_MAX_HEADER = 1024


class Negotiation:
    """Looks at Accept below `/v1/`; pages for people elsewhere are left to the browser.

    A file is answered with as what it is, whatever Accept says.
    """

    def __init__(self, app: ASGIApp, *, routes: RouteTable, below: str = "/v1/") -> None:
        self._app = app
        self._routes = routes
        self._below = below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["path"].startswith(self._below):
            accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
            refused = accept and not accepts_any(accept.decode("latin-1"))
            if refused and not self._routes.answers_bytes(scope["path"]):
                offered = ["/".join(kind) for kind in _OFFERED]
                problem = NotAcceptable(offered=list(offered))
                await error_response(problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def accepts_any(accept: str) -> bool:
    """Whether one of the media types that the API answers satisfies the header."""
    if accept in {"*/*", "application/json"}:
        return True
    return any(_admits(part) for part in accept[:_MAX_HEADER].split(","))


def _admits(part: str) -> bool:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    main, _, sub = kind.partition("/")
    if not any(main in ("*", offer[0]) and sub in ("*", offer[1]) for offer in _OFFERED):
        return False
    return not any(
        parameter.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000")
        for parameter in parameters
    )
