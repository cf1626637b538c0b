"""How long a model may stay silent before its call is given up."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from dify_hex.application.model_provider.ports import ChatRequest
from dify_hex.domain.model_provider.errors import ModelTimeout

T = TypeVar("T")

#: Seconds that a complete answer is given to say what it used.
_TAIL_SECONDS = 2.0


class Silence:
    """Counts the time spent waiting for a model, and only that.

    What arrives without being part of the answer (a comment, an empty chunk) does not end the
    silence; the time that the answer's reader takes is not part of it.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._endpoint = request.endpoint
        self._token_timeout = request.token_timeout
        self._limit = request.first_token_timeout
        self._spent = 0.0
        self._waiting_for = "first_token"

    def broken(self) -> None:
        """The model has said something: from now on the limit is that between tokens."""
        self._limit = self._token_timeout
        self._spent = 0.0
        self._waiting_for = "next_token"

    def nearly_over(self) -> None:
        """The answer is complete: only its figures are still waited for, and not for long."""
        self._limit = min(self._token_timeout, _TAIL_SECONDS)
        self._spent = 0.0
        self._waiting_for = "usage"

    async def bear(self, answer: Awaitable[T]) -> T:
        """Wait for what comes next, as long as there is patience left.

        Raises:
            ModelTimeout: saying in `waiting_for` what did not come: `first_token`,
                `next_token` or `usage`.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout_at(began + self._limit - self._spent):
                return await answer
        except TimeoutError:
            raise ModelTimeout(
                provider=self._endpoint.provider_kind,
                model=self._endpoint.model,
                waiting_for=self._waiting_for,
                seconds=self._limit,
            ) from None
        finally:
            self._spent += loop.time() - began
