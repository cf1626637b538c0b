"""`/metrics` at the main address, for those who hold its token."""

import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dify_hex.domain.shared.errors import Unauthenticated

#: The figures as text, and the media type of that text.
Exposition = Callable[[], tuple[bytes, str]]


def metrics_route(exposition: Exposition, token: str) -> Route:
    """The route; without `Authorization: Bearer <token>` it answers 401."""
    expected = f"Bearer {token}".encode()

    async def metrics(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, expected):
            raise Unauthenticated
        body, media_type = exposition()
        return Response(body, media_type=media_type)

    return Route("/metrics", metrics)
