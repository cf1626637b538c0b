"""Counts and times the calls of chat models."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import perf_counter

from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ChatModel,
    ChatRequest,
)
from dify_hex.application.shared.telemetry import Counter, Histogram, Telemetry
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.values.usage import Usage


class MeasuredChatModel(ChatModel):
    """Passes on what a chat model says, and reports how the call went.

    A call's outcome is `succeeded`, the code of its error, or `left` when nobody waited for it.
    """

    def __init__(self, chat_model: ChatModel, *, telemetry: Telemetry) -> None:
        self._chat_model = chat_model
        self._telemetry = telemetry

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """The answer as it comes."""
        provider = request.endpoint.provider_kind
        began = perf_counter()
        outcome = "left"
        is_silent = True
        try:
            async with aclosing(self._chat_model.stream(request)) as events:
                async for event in events:
                    if is_silent:
                        is_silent = False
                        self._observe(Histogram.TTFT_SECONDS, began, provider)
                    if isinstance(event, ChatFinished):
                        outcome = "succeeded"
                        self._count_tokens(event.usage, provider)
                    yield event
        except DomainError as error:
            outcome = error.code
            raise
        finally:
            self._telemetry.count(Counter.MODEL_CALLS, provider=provider, outcome=outcome)
            self._observe(Histogram.MODEL_CALL_SECONDS, began, provider)

    def _observe(self, histogram: Histogram, began: float, provider: str) -> None:
        self._telemetry.observe(histogram, perf_counter() - began, provider=provider)

    def _count_tokens(self, usage: Usage | None, provider: str) -> None:
        if usage is None:
            return
        tokens = {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens}
        for kind, amount in tokens.items():
            self._telemetry.count(Counter.MODEL_TOKENS, amount, provider=provider, kind=kind)
