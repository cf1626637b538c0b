"""How long a model may stay silent; waiting for its reader does not count."""

import asyncio

import pytest

from dify_hex.application.model_provider.ports import (
    ChatMessage,
    ChatRequest,
    ChatRole,
    ModelEndpoint,
)
from dify_hex.application.model_provider.silence import Silence
from dify_hex.domain.model_provider.errors import ModelTimeout
from dify_hex.domain.shared.values.model_config import ModelParameters


def silence(first: float = 0.05, between: float = 0.05) -> Silence:
    return Silence(
        ChatRequest(
            endpoint=ModelEndpoint(provider_kind="openai", model="chat"),
            messages=(ChatMessage(role=ChatRole.USER, content="hello"),),
            parameters=ModelParameters(),
            idempotency_key="key",
            first_token_timeout=first,
            token_timeout=between,
        )
    )


async def said(after: float = 0.0) -> str:
    await asyncio.sleep(after)
    return "word"


async def test_what_comes_in_time_is_handed_on() -> None:
    assert await silence().bear(said()) == "word"


async def test_a_model_that_never_begins_is_given_up() -> None:
    with pytest.raises(ModelTimeout) as given_up:
        await silence(first=0.01, between=60).bear(said(60))
    assert given_up.value.details == {
        "provider": "openai",
        "model": "chat",
        "waiting_for": "first_token",
        "seconds": 0.01,
    }


async def test_after_the_first_token_the_limit_between_tokens_holds() -> None:
    patience = silence(first=60, between=0.01)
    patience.broken()
    with pytest.raises(ModelTimeout) as given_up:
        await patience.bear(said(60))
    assert given_up.value.details["waiting_for"] == "next_token"


async def test_noise_that_is_no_answer_does_not_end_the_silence() -> None:
    patience = silence(first=0.05)
    await patience.bear(said(0.03))
    with pytest.raises(ModelTimeout):
        await patience.bear(said(0.03))


async def test_a_token_makes_the_patience_whole_again() -> None:
    patience = silence(between=0.2)
    for _ in range(5):
        assert await patience.bear(said(0.045)) == "word"
        patience.broken()


async def test_the_readers_own_time_does_not_count() -> None:
    patience = silence(first=0.05)
    await patience.bear(said())
    await asyncio.sleep(0.08)
    assert await patience.bear(said(0.001)) == "word"


async def test_a_complete_answer_is_not_waited_for_long() -> None:
    patience = silence(first=60, between=0.01)
    patience.nearly_over()
    with pytest.raises(ModelTimeout) as given_up:
        await patience.bear(said(60))
    assert given_up.value.details["waiting_for"] == "usage"


async def test_a_failure_is_no_silence() -> None:
    async def fails() -> str:
        raise LookupError("broken")

    with pytest.raises(LookupError):
        await silence().bear(fails())


async def test_whoever_is_cancelled_is_not_told_of_a_timeout() -> None:
    waiting = asyncio.create_task(silence(first=60).bear(said(60)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
