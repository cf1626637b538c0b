"""What every chat model promises, tried against a server that fails in all the real ways."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ChatMessage,
    ChatModel,
    ChatRequest,
    ChatRole,
    ModelEndpoint,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolSchema,
)
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelBadRequest,
    ModelContentFiltered,
    ModelContextTooLong,
    ModelNotFound,
    ModelRateLimited,
    ModelStreamCut,
    ModelTimeout,
    ModelUnavailable,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.values.model_config import ModelParameters
from dify_hex.domain.shared.values.secret_text import SecretText
from dify_hex.domain.shared.values.usage import Usage
from tests.fakes.running_model_server import RunningModelServer

KEY = SecretText("sk-of-the-tenant-0123456789")


def a_request(
    endpoint: ModelEndpoint,
    question: str = "hello there",
    *,
    parameters: ModelParameters | None = None,
    tools: tuple[ToolSchema, ...] = (),
    first_token_timeout: float = 10.0,
    token_timeout: float = 10.0,
) -> ChatRequest:
    """A question to the model at the endpoint."""
    return ChatRequest(
        endpoint=endpoint,
        messages=(
            ChatMessage(role=ChatRole.SYSTEM, content="Be brief."),
            ChatMessage(role=ChatRole.USER, content=question),
        ),
        parameters=parameters or ModelParameters(),
        idempotency_key="run-1:node-1",
        tools=tools,
        first_token_timeout=first_token_timeout,
        token_timeout=token_timeout,
    )


async def events_of(chat_model: ChatModel, request: ChatRequest) -> list[ChatEvent]:
    """All that a call says."""
    async with aclosing(chat_model.stream(request)) as events:
        return [event async for event in events]


async def events_until_failure(
    chat_model: ChatModel, request: ChatRequest
) -> tuple[list[ChatEvent], DomainError | None]:
    """What a call says, and what it fails with."""
    events: list[ChatEvent] = []
    try:
        async with aclosing(chat_model.stream(request)) as stream:
            async for event in stream:
                events.append(event)  # noqa: PERF401 - a comprehension would lose them
    except DomainError as error:
        return events, error
    return events, None


def text_of(events: list[ChatEvent]) -> str:
    """The answer's text."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


class ChatModelConformance:
    """Subclasses give the fixtures `chat_model` and `endpoint`, at the scripted model server."""

    async def test_an_answer_comes_piece_by_piece_and_says_what_it_took(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        events = await events_of(chat_model, a_request(endpoint, "hi [[tokens=4 delay=0.03]]"))

        assert text_of(events) == "t0 t1 t2 t3 "
        assert len(events) >= 4
        assert events[-1] == ChatFinished(
            finish_reason="stop", usage=Usage(prompt_tokens=5, completion_tokens=4)
        )

    async def test_the_first_piece_is_there_before_the_last_is_made(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        request = a_request(endpoint, "[[tokens=2 delay=0.4]]")
        # What a first call of the process has to load is no part of the answer.
        await events_of(chat_model, a_request(endpoint))

        async with aclosing(chat_model.stream(request)) as events:
            came = [time.monotonic() async for event in events if isinstance(event, TextDelta)]

        assert came[-1] - came[0] > 0.3

    async def test_the_server_is_asked_for_what_the_request_says(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        parameters = ModelParameters(temperature=0.5, top_p=0.9, max_tokens=20, stop=("END",))

        await events_of(chat_model, a_request(endpoint, parameters=parameters))

        (asked,) = model_server.requests
        assert asked.authorized
        assert asked.idempotency_key == "run-1:node-1"
        assert asked.messages == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello there"},
        ]
        assert asked.body["temperature"] == 0.5
        assert asked.body["top_p"] == 0.9
        assert asked.body["max_tokens"] == 20
        assert asked.body["stop"] == ["END"]
        assert "seed" not in asked.body

    @pytest.mark.parametrize("script", ["slice=7", "slice=1", "awkward=true", "done=false"])
    async def test_however_the_bytes_come_the_text_is_the_same(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, script: str
    ) -> None:
        events = await events_of(chat_model, a_request(endpoint, f"[[text='né 你好 🙂' {script}]]"))

        assert text_of(events) == "né 你好 🙂"
        assert isinstance(events[-1], ChatFinished)

    async def test_an_empty_answer_is_an_answer(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        events = await events_of(chat_model, a_request(endpoint, "[[tokens=0]]"))

        assert text_of(events) == ""
        assert [type(event) for event in events] == [ChatFinished]

    async def test_an_answer_cut_by_its_limit_says_so(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        events = await events_of(chat_model, a_request(endpoint, "[[finish=length]]"))

        assert isinstance(events[-1], ChatFinished)
        assert events[-1].finish_reason == "length"

    async def test_what_the_provider_does_not_count_is_not_invented(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        events = await events_of(chat_model, a_request(endpoint, "[[usage=false]]"))

        assert isinstance(events[-1], ChatFinished)
        assert events[-1].usage is None

    async def test_thinking_is_told_apart_from_the_answer(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        events = await events_of(chat_model, a_request(endpoint, "[[reasoning=2 tokens=1]]"))

        thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
        assert thought == "r0 r1 "
        assert text_of(events) == "t0 "

    async def test_a_tool_call_comes_in_pieces_that_join_to_its_arguments(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        tool = ToolSchema(name="weather", description="", parameters={"type": "object"})
        request = a_request(
            endpoint, """[[tool=weather arguments='{"city": "Wien"}']]""", tools=(tool,)
        )

        events = await events_of(chat_model, request)

        calls = [event for event in events if isinstance(event, ToolCallDelta)]
        assert (calls[0].id, calls[0].name) == ("call_1", "weather")
        assert {call.index for call in calls} == {0}
        assert "".join(call.arguments for call in calls) == '{"city": "Wien"}'
        assert isinstance(events[-1], ChatFinished)
        assert events[-1].finish_reason == "tool_calls"

    @pytest.mark.parametrize(
        ("script", "error"),
        [
            ("status=400", ModelBadRequest),
            ("status=400 error_code=context_length_exceeded", ModelContextTooLong),
            ("status=400 error_code=content_filter", ModelContentFiltered),
            ("status=401", ModelAuthenticationFailed),
            ("status=403", ModelAuthenticationFailed),
            ("status=404", ModelNotFound),
            ("status=429", ModelRateLimited),
            ("status=500", ModelUnavailable),
            ("status=503", ModelUnavailable),
            ("status=529", ModelUnavailable),
            ("status=302", ModelUnavailable),
        ],
    )
    async def test_a_refusal_is_told_by_its_kind(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, script: str, error: type[DomainError]
    ) -> None:
        with pytest.raises(error) as refused:
            await events_of(chat_model, a_request(endpoint, f"[[{script}]]"))

        assert refused.value.details["provider"] == endpoint.provider_kind
        assert refused.value.details["model"] == endpoint.model

    async def test_a_refusal_is_not_asked_for_again(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        with pytest.raises(ModelUnavailable):
            await events_of(chat_model, a_request(endpoint, "[[status=500]]"))

        assert len(model_server.requests) == 1

    async def test_a_provider_that_is_asked_too_much_says_when_to_come_back(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        with pytest.raises(ModelRateLimited) as refused:
            await events_of(chat_model, a_request(endpoint, "[[status=429 retry_after=7]]"))

        assert refused.value.retry_after == 7

    @pytest.mark.parametrize("script", ["cut_after=2", "end_after=2", "error_after=2"])
    async def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, script: str
    ) -> None:
        request = a_request(endpoint, f"[[tokens=4 delay=0.05 {script}]]")

        events, failure = await events_until_failure(chat_model, request)

        assert isinstance(failure, ModelStreamCut | ModelUnavailable)
        assert text_of(events).startswith("t0 ")
        assert not any(isinstance(event, ChatFinished) for event in events)

    async def test_a_model_that_never_begins_is_given_up(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        await events_of(chat_model, a_request(endpoint))
        request = a_request(endpoint, "[[first=30]]", first_token_timeout=0.3)

        with pytest.raises(ModelTimeout) as late:
            await events_of(chat_model, request)

        assert late.value.details["waiting_for"] == "first_token"
        assert (await model_server.until_ended()).ended == "left"

    @pytest.mark.parametrize("noise", ["", "keepalive=0.05"])
    async def test_a_model_that_falls_silent_is_given_up(
        self,
        chat_model: ChatModel,
        endpoint: ModelEndpoint,
        model_server: RunningModelServer,
        noise: str,
    ) -> None:
        request = a_request(endpoint, f"[[hang_after=2 {noise}]]", token_timeout=0.3)

        with pytest.raises(ModelTimeout) as late:
            await events_of(chat_model, request)

        assert late.value.details["waiting_for"] == "next_token"
        assert (await model_server.until_ended()).ended == "left"

    async def test_closing_the_answer_ends_the_call_upstream(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        request = a_request(endpoint, "[[tokens=1000 delay=0.02]]")

        async with aclosing(chat_model.stream(request)) as events:
            await anext(events)

        asked = await model_server.until_ended()
        assert asked.ended == "left"
        assert asked.tokens_sent < 100

    async def test_cancelling_the_reader_ends_the_call_upstream(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        begun = asyncio.Event()

        async def read(events: AsyncGenerator[ChatEvent, None]) -> None:
            async with aclosing(events):
                async for _ in events:
                    begun.set()

        request = a_request(endpoint, "[[tokens=1000 delay=0.02]]")
        reader = asyncio.create_task(read(chat_model.stream(request)))
        await begun.wait()
        reader.cancel()
        await asyncio.wait({reader})

        assert reader.cancelled()
        assert (await model_server.until_ended()).ended == "left"

    async def test_many_answers_at_once_are_kept_apart(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        answers = await asyncio.gather(
            *(
                events_of(chat_model, a_request(endpoint, f"answer {number} [[echo=true slice=9]]"))
                for number in range(12)
            )
        )

        assert [text_of(events) for events in answers] == [f"answer {n}" for n in range(12)]
