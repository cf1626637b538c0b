"""What a provider's refusal means, and that its words give no secret away."""

import pytest

from dify_hex.application.model_provider.call_failures import Refusal, failure_of, masked
from dify_hex.application.model_provider.ports import ModelEndpoint
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelBadRequest,
    ModelContentFiltered,
    ModelContextTooLong,
    ModelNotFound,
    ModelRateLimited,
    ModelUnavailable,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.model_provider import KEY

ENDPOINT = ModelEndpoint(provider_kind="openai", model="chat", api_key=SecretText(KEY))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, ModelAuthenticationFailed),
        (402, ModelRateLimited),
        (403, ModelAuthenticationFailed),
        (404, ModelNotFound),
        (408, ModelUnavailable),
        (409, ModelUnavailable),
        (425, ModelUnavailable),
        (429, ModelRateLimited),
        (400, ModelBadRequest),
        (413, ModelBadRequest),
        (422, ModelBadRequest),
        (302, ModelUnavailable),
        (500, ModelUnavailable),
        (503, ModelUnavailable),
        (529, ModelUnavailable),
    ],
)
def test_the_status_tells_the_kind_of_failure(status: int, error: type[DomainError]) -> None:
    failure = failure_of(ENDPOINT, Refusal(status=status))
    assert type(failure) is error
    assert failure.details == {"provider": "openai", "model": "chat", "status": status}


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(status=400, code="context_length_exceeded"),
        Refusal(status=400, message="This model's maximum context length is 8192 tokens."),
        Refusal(status=400, code="exceed_context_size_error"),
        Refusal(status=400, message="prompt is too long: 210000 tokens > 200000 maximum"),
        Refusal(status=422, message="Too many input tokens"),
    ],
)
def test_a_prompt_that_is_too_long_is_told_by_the_words(refusal: Refusal) -> None:
    assert type(failure_of(ENDPOINT, refusal)) is ModelContextTooLong


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(status=400, code="content_filter"),
        Refusal(status=400, code="content_policy_violation"),
        Refusal(status=400, message="Rejected by our safety system."),
        Refusal(status=400, code="data_inspection_failed"),
    ],
)
def test_filtered_content_is_told_by_the_words(refusal: Refusal) -> None:
    assert type(failure_of(ENDPOINT, refusal)) is ModelContentFiltered


@pytest.mark.parametrize("status", [429, 503])
def test_a_provider_may_ask_for_patience(status: int) -> None:
    failure = failure_of(ENDPOINT, Refusal(status=status, retry_after=2.5))
    assert isinstance(failure, ModelRateLimited | ModelUnavailable)
    assert failure.retry_after == 2.5


@pytest.mark.parametrize("seconds", [-1.0, 3601.0, float("inf"), float("nan")])
def test_but_not_for_more_than_makes_sense(seconds: float) -> None:
    failure = failure_of(ENDPOINT, Refusal(status=429, retry_after=seconds))
    assert isinstance(failure, ModelRateLimited)
    assert failure.retry_after is None


def test_the_providers_words_come_along_without_the_key() -> None:
    failure = failure_of(ENDPOINT, Refusal(status=401, message=f"Incorrect API key: {KEY}."))
    assert failure.details["provider_message"] == "Incorrect API key: …."


@pytest.mark.parametrize(
    "leak",
    [
        "sk-proj-1234****abcd",
        "Bearer abcdefghijkl",
        "gsk_0123456789",
        "AIza0123456789012345678901234567890",
    ],
)
def test_whatever_looks_like_a_key_is_masked(leak: str) -> None:
    shown = masked(f"You sent {leak}, which is wrong", None)
    assert shown == "You sent …, which is wrong"


def test_long_words_are_cut() -> None:
    assert len(masked("a" * 1000, SecretText(""))) == 300


def test_words_that_no_database_can_keep_are_made_readable() -> None:
    assert masked("a\x00b\nc\ud800d", None) == "a b c d"
