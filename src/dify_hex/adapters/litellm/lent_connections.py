"""Has LiteLLM send its requests over a pool of ours instead of opening connections itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx

#: Reading has no limit of its own: whoever calls limits the whole, or the model's silence.
_TIMEOUT = httpx.Timeout(connect=5.0, pool=10.0, write=30.0, read=None).as_dict()

_opened: ContextVar[list[httpx.Response] | None] = ContextVar("opened_responses", default=None)


class LentConnections(httpx.AsyncBaseTransport):
    """Sends over a client that it does not own: closing the borrower leaves the pool open.

    What the pool refuses is refused for LiteLLM too: redirects, private addresses, cookies,
    proxies of the environment.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, with time limits that are ours."""
        request.extensions = {**request.extensions, "timeout": _TIMEOUT}
        # Compressed answers are not asked for: unpacking has no bound.
        request.headers["accept-encoding"] = "identity"
        response = await self._client.send(request, stream=True, follow_redirects=False)
        # OpenAI's client tries again by itself, whatever it is told, unless the server says this.
        response.headers["x-should-retry"] = "false"
        opened = _opened.get()
        if opened is not None:
            opened.append(response)
        return response


@contextmanager
def noting_responses(into: list[httpx.Response]) -> Iterator[None]:
    """Note every response that a call inside the block opens, so that it can be closed."""
    token = _opened.set(into)
    try:
        yield
    finally:
        _opened.reset(token)
