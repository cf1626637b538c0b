"""Calls the model that a node names, within what the model takes."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from dify_hex.application.model_provider.ports import ChatMessage, ChatRequest
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.shared.patience import patiently
from dify_hex.application.shared.trace import traceparent_of
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompt_window import most_tokens_of, tokens_of
from dify_hex.application.workflow.prompting.model_answer import ModelAnswer
from dify_hex.domain.model_provider.errors import ModelBadRequest
from dify_hex.domain.model_provider.features import ModelFeature
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelParameters
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.prompting.model_settings import CallsModel
from dify_hex.domain.workflow.prompting.reasoning import SeparatedReasoning


class ModelCalls:
    """Makes requests of what nodes want, and answers of what models say."""

    def __init__(self, services: NodeServices) -> None:
        self._resolve_model = services.resolve_model
        self._chat_model = services.chat_model
        self._token_counter = services.token_counter

    async def resolve(self, config: CallsModel, context: NodeContext) -> ResolvedModel:
        """The model that the node names; a database that is away is waited for."""
        return await patiently(lambda: self._resolve_model.execute(context.tenant_id, config.model))

    async def request(
        self,
        config: CallsModel,
        context: NodeContext,
        model: ResolvedModel,
        messages: tuple[ChatMessage, ...],
    ) -> ChatRequest:
        """The node's one effect, as the model is asked for it."""
        return ChatRequest(
            endpoint=model.endpoint,
            messages=messages,
            parameters=await self._limited(config.model.parameters, model, messages),
            idempotency_key=context.effect_key,
            traceparent=traceparent_of(context.effect_key, otherwise=context.facts.run_id.hex),
            first_token_timeout=config.first_token_timeout_seconds,
            token_timeout=config.token_timeout_seconds,
        )

    async def stream(self, request: ChatRequest, answer: ModelAnswer) -> AsyncGenerator[str, None]:
        """Fill the answer, and give each piece of what the end user is shown of it."""
        async with aclosing(self._chat_model.stream(request)) as events:
            async for event in events:
                if text := answer.take(event):
                    yield text

    async def ask(self, context: NodeContext, request: ChatRequest) -> tuple[ModelAnswer, Usage]:
        """The whole answer, thinking apart, and what it took."""
        answer = ModelAnswer(context, SeparatedReasoning())
        async with aclosing(self.stream(request, answer)) as pieces:
            async for _ in pieces:
                continue
        return answer, await self.usage(request, answer)

    async def ask_by_schema(
        self,
        context: NodeContext,
        model: ResolvedModel,
        in_words: ChatRequest,
        schema: JsonObject,
        *,
        plain: ChatRequest | None = None,
    ) -> tuple[ChatRequest, ModelAnswer, Usage]:
        """The answer of a model that its provider holds to the schema; else to `in_words`.

        `plain` is the request where the provider sees to the schema, if that needs fewer words. A
        provider that refuses schemas is asked again without. The request that was answered comes
        back with the answer, which may still be anything.
        """
        if ModelFeature.JSON_SCHEMA in model.lacks:
            return in_words, *await self.ask(context, in_words)
        request = replace(plain or in_words, response_format=schema)
        try:
            return request, *await self.ask(context, request)
        except ModelBadRequest:
            in_words = again(in_words, "words")
            return in_words, *await self.ask(context, in_words)

    async def usage(self, request: ChatRequest, answer: ModelAnswer) -> Usage:
        """What the provider reports; else what is counted here, and marked as estimated."""
        usage = answer.usage
        if usage is None:
            model = request.endpoint.model
            said = await self._token_counter.count(model, [answer.text, answer.reasoning])
            usage = Usage(
                prompt_tokens=await tokens_of(self._token_counter, model, request.messages),
                completion_tokens=sum(said),
                estimated=True,
            )
        return replace(usage, first_token_seconds=answer.first_token_seconds)

    async def _limited(
        self, wanted: ModelParameters, model: ResolvedModel, messages: Sequence[ChatMessage]
    ) -> ModelParameters:
        """The parameters, with as long an answer as the model gives and its window has room for."""
        longest = model.max_output
        if longest is None:
            return wanted
        if wanted.max_tokens is not None:
            return replace(wanted, max_tokens=min(wanted.max_tokens, longest))
        room = model.context_window - most_tokens_of(messages)
        if room < longest:
            counted = await tokens_of(self._token_counter, model.endpoint.model, messages)
            room = model.context_window - counted
        # A prompt that fills the window is for the provider to refuse.
        return replace(wanted, max_tokens=min(room, longest)) if room > 0 else wanted


def again(request: ChatRequest, why: str, *said: ChatMessage) -> ChatRequest:
    """The request once more with something added: another effect, with a key of its own."""
    return replace(
        request,
        messages=(*request.messages, *said),
        idempotency_key=f"{request.idempotency_key}:{why}",
    )
