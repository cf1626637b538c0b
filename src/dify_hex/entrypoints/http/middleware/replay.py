"""Keeps the answer of a request that carries an idempotency key, and a mark of what it held."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dify_hex.entrypoints.http.idempotency import HEADER, attempt_of

_HEADER = HEADER.encode()


class Replay:
    """Watches those requests and their answers only; all others pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or all(name != _HEADER for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return

        async def receive_and_note() -> Message:
            message = await receive()
            attempt = attempt_of(scope)
            if attempt is not None:
                attempt.note(message)
            return message

        async def send_and_keep(message: Message) -> None:
            attempt = attempt_of(scope)
            if attempt is not None:
                await attempt.observe(message)
            await send(message)

        try:
            await self._app(scope, receive_and_note, send_and_keep)
        finally:
            attempt = attempt_of(scope)
            if attempt is not None:
                await attempt.end()
