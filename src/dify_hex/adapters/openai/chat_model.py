"""Chat over OpenAI's protocol, spoken natively: little work per token."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from dify_hex.adapters.openai.chat_answer import ChatAnswer
from dify_hex.adapters.openai.chat_body import chat_body
from dify_hex.adapters.openai.connection import Clients, read_all
from dify_hex.adapters.openai.server_sent_events import (
    MAX_EVENT_BYTES,
    EventDataReader,
    EventTooLong,
)
from dify_hex.application.model_provider.ports import ChatEvent, ChatModel, ChatRequest
from dify_hex.application.model_provider.silence import Silence
from dify_hex.domain.model_provider.errors import ModelStreamCut, ModelTimeout

#: How long the end of a complete answer's body is waited for, so that its connection can be used
#: again.
_DRAIN_SECONDS = 0.1


class OpenAIChatModel(ChatModel):
    """Streams completions; one object for all calls of a process."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """The answer as it comes; closing the generator closes the connection."""
        silence = Silence(request)
        response = await silence.bear(
            self._clients.post(
                request.endpoint,
                "/chat/completions",
                chat_body(request),
                accept="text/event-stream",
                idempotency_key=request.idempotency_key,
                traceparent=request.traceparent,
            )
        )
        answer = ChatAnswer(request.endpoint)
        reader = EventDataReader()
        data: bytes | None = b""
        try:
            async with aclosing(_received(response)) as received:
                while data is not None and not answer.done:
                    data = await silence.bear(anext(received, None))
                    events = answer.read(reader.finish() if data is None else reader.feed(data))
                    if answer.finished:
                        silence.nearly_over()
                    elif events:
                        silence.broken()
                    for event in events:
                        yield event
                await _drain(received)
        except (httpx.HTTPError, ModelTimeout, EventTooLong) as error:
            # A complete answer is not spoilt by what happens to its connection afterwards.
            if not answer.finished:
                raise _failure(request, error) from None
        finally:
            await response.aclose()
        yield answer.end()


async def _received(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it arrives; one that is plain JSON is made into the only event of a stream."""
    if "json" in response.headers.get("content-type", ""):
        whole = await read_all(response, MAX_EVENT_BYTES)
        yield b"data: " + whole.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n\n"
        return
    async for data in response.aiter_raw():
        yield data


async def _drain(received: AsyncGenerator[bytes, None]) -> None:
    """Read to the end of the body, which nearly always has arrived together with its last event."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in received:
                continue
    except TimeoutError:
        # The answer is complete; only its connection is lost.
        return


def _failure(request: ChatRequest, error: Exception) -> Exception:
    if isinstance(error, ModelTimeout):
        return error
    return ModelStreamCut(
        provider=request.endpoint.provider_kind,
        model=request.endpoint.model,
        reason=type(error).__name__,
    )
