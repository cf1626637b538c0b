"""`/docs`: Swagger UI and the list of errors, served from our own files."""

import asyncio
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from dify_hex.entrypoints.http.messages.catalogue import CATALOGUE
from dify_hex.entrypoints.http.problems import RouteNotFound

_ASSETS = Path(__file__).parent / "docs_assets"
_SERVED = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"})
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'"
    )
}
_CACHED = {**_HEADERS, "cache-control": "public, max-age=86400"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>dify_hex API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: false,
  tryItOutEnabled: true, validatorUrl: null
});
"""
_ERROR_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Errors of the dify_hex API</title></head>
<body><h1>Errors</h1><dl>{entries}</dl></body>
</html>
"""


def documentation_routes(document: Callable[[], Mapping[str, Any]]) -> list[Route]:
    """The routes of the documentation; `document` builds OpenAPI once, when it is first read."""
    rendering = _Once(lambda: orjson.dumps(document()))

    async def openapi(_request: Request) -> Response:
        return Response(await rendering.result(), media_type="application/json")

    return [
        Route("/openapi.json", openapi),
        Route("/docs", _page),
        Route("/docs/errors", _errors),
        Route("/docs/start.js", _start),
        Route("/docs/{name}", _asset),
    ]


class _Once:
    """Does something slow a single time, in a thread, however many wait for it."""

    def __init__(self, work: Callable[[], bytes]) -> None:
        self._work = work
        self._lock = asyncio.Lock()
        self._done: bytes | None = None

    async def result(self) -> bytes:
        async with self._lock:
            if self._done is None:
                self._done = await asyncio.to_thread(self._work)
            return self._done


async def _page(_request: Request) -> Response:
    return HTMLResponse(_PAGE, headers=_HEADERS)


async def _start(_request: Request) -> Response:
    return Response(_START, headers=_HEADERS, media_type="text/javascript")


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _SERVED:
        raise RouteNotFound
    return FileResponse(_ASSETS / name, headers=_CACHED)


async def _errors(_request: Request) -> Response:
    entries = "".join(
        f'<dt id="{escape(code)}"><code>{escape(code)}</code></dt>'
        f'<dd>{escape(message.en)}<br><span lang="zh">{escape(message.zh)}</span></dd>'
        for code, message in sorted(CATALOGUE.items())
    )
    return HTMLResponse(_ERROR_PAGE.format(entries=entries), headers=_HEADERS)
