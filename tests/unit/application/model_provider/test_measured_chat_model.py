"""Every call of a model is counted and timed, however it ends."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from dify_hex.application.model_provider.measured_chat_model import MeasuredChatModel
from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ChatModel,
    ChatRequest,
    ModelEndpoint,
    TextDelta,
)
from dify_hex.application.shared.telemetry import Counter, Histogram
from dify_hex.domain.model_provider.errors import ModelStreamCut
from dify_hex.domain.shared.values.model_config import ModelParameters
from tests.fakes.scripted_models import ScriptedChatModel
from tests.fakes.scripted_providers import KeptFigures

REQUEST = ChatRequest(
    endpoint=ModelEndpoint(provider_kind="local", model="tiny"),
    messages=(),
    parameters=ModelParameters(),
    idempotency_key="1",
)
CALLS, TOKENS = Counter.MODEL_CALLS.value, Counter.MODEL_TOKENS.value


class CutModel(ChatModel):
    """Breaks off after its first word."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        yield TextDelta("Hi")
        raise ModelStreamCut(provider="local")


@pytest.fixture
def figures() -> KeptFigures:
    return KeptFigures()


async def test_a_call_passes_through_and_is_counted_with_its_tokens(figures: KeptFigures) -> None:
    scripted = ScriptedChatModel()
    model = MeasuredChatModel(scripted, telemetry=figures)

    events = [event async for event in model.stream(REQUEST)]

    assert tuple(events) == scripted.events
    assert figures.counts == {
        (CALLS, "local", "succeeded"): 1,
        (TOKENS, "local", "prompt"): 7,
        (TOKENS, "local", "completion"): 2,
    }
    assert figures.observed == [Histogram.TTFT_SECONDS, Histogram.MODEL_CALL_SECONDS]


async def test_a_provider_that_tells_no_usage_counts_as_a_call_only(figures: KeptFigures) -> None:
    model = MeasuredChatModel(
        ScriptedChatModel(ChatFinished(finish_reason="stop", usage=None)), telemetry=figures
    )

    assert [event async for event in model.stream(REQUEST)]

    assert figures.counts == {(CALLS, "local", "succeeded"): 1}


async def test_a_failure_is_counted_by_its_code(figures: KeptFigures) -> None:
    model = MeasuredChatModel(CutModel(), telemetry=figures)

    with pytest.raises(ModelStreamCut):
        _ = [event async for event in model.stream(REQUEST)]

    assert figures.counts == {(CALLS, "local", "model_stream_cut"): 1}


async def test_a_call_that_nobody_waits_for_is_closed_and_counted(figures: KeptFigures) -> None:
    scripted = ScriptedChatModel()

    async with aclosing(MeasuredChatModel(scripted, telemetry=figures).stream(REQUEST)) as events:
        await anext(events)

    assert scripted.closed == 1
    assert figures.counts == {(CALLS, "local", "left"): 1}
