"""Chat with the vendors that speak protocols of their own."""

from collections.abc import AsyncGenerator

import httpx

from dify_hex.adapters.litellm.chat_answer import ChatAnswer
from dify_hex.adapters.litellm.chat_arguments import chat_arguments
from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.adapters.litellm.lent_connections import noting_responses
from dify_hex.adapters.litellm.refusals import failure_in
from dify_hex.application.model_provider.ports import ChatEvent, ChatModel, ChatRequest
from dify_hex.application.model_provider.silence import Silence
from dify_hex.domain.model_provider.errors import ModelStreamCut, ModelUnavailable
from dify_hex.domain.shared.errors import DomainError


class LiteLLMChatModel(ChatModel):
    """Streams completions through the gateway; one object for all calls of a process."""

    def __init__(self, gateway: LiteLLMGateway) -> None:
        self._gateway = gateway

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """The answer as it comes; closing the generator closes the connection."""
        library = await self._gateway.library()
        arguments = await self._gateway.arguments(request.endpoint) | chat_arguments(request)
        silence = Silence(request)
        answer = ChatAnswer(request.endpoint)
        opened: list[httpx.Response] = []
        try:
            with noting_responses(opened):
                chunks = await silence.bear(library.acompletion(**arguments))
            while True:
                chunk = await silence.bear(anext(chunks, None))
                if chunk is None:
                    break
                events = answer.read(chunk)
                if events:
                    silence.broken()
                for event in events:
                    yield event
            end = answer.end(chunks)
        except DomainError:
            raise
        except Exception as error:  # noqa: BLE001 - vendors' clients raise what they like
            raise _failure(request, error, begun=answer.begun) from None
        finally:
            for response in opened:
                await response.aclose()
        yield end


def _failure(request: ChatRequest, error: Exception, *, begun: bool) -> Exception:
    failure = failure_in(request.endpoint, error)
    if begun and isinstance(failure, ModelUnavailable):
        return ModelStreamCut(
            provider=request.endpoint.provider_kind,
            model=request.endpoint.model,
            reason=type(error).__name__,
        )
    return failure
