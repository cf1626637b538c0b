"""What a provider's refusal means: the one table from status and words to an error."""

import re
from collections.abc import Callable
from dataclasses import dataclass

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
from dify_hex.domain.shared.errors import DetailValue, DomainError, LimitReached, Unavailable
from dify_hex.domain.shared.values.secret_text import SecretText

#: A provider that asks for more patience than this is not waited for.
_MAX_RETRY_AFTER = 3600.0
_MAX_MESSAGE = 300

_CONTEXT = re.compile(
    r"context[ _]?(length|window|size)|maximum context|prompt is too long|too many (input )?tokens"
    r"|input (is )?too long|exceed_context",
    re.IGNORECASE,
)
_FILTER = re.compile(
    r"content[ _]?(filter|policy|management)|safety|data_inspection", re.IGNORECASE
)
_KEY_LIKE = re.compile(
    r"\b(sk|pk|gsk|xai|key)[-_][\w*.-]{4,}|\bBearer [\w*.~+/=-]{4,}|AIza[\w-]{20,}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a provider answered instead of a result; `code` and `message` are its own words."""

    status: int
    code: str = ""
    message: str = ""
    retry_after: float | None = None


def failure_of(endpoint: ModelEndpoint, refusal: Refusal) -> DomainError:
    """The domain's error for a refusal; the provider's words come along, secrets masked."""
    details: dict[str, DetailValue] = {
        "provider": endpoint.provider_kind,
        "model": endpoint.model,
        "status": refusal.status,
    }
    if refusal.message:
        details["provider_message"] = masked(refusal.message, endpoint.api_key)
    kind = _kind_of(refusal)
    if issubclass(kind, LimitReached | Unavailable):
        return kind(None, retry_after=_sane(refusal.retry_after), **details)
    return kind(None, **details)


def masked(text: str, secret: SecretText | None) -> str:
    """The beginning of a text as one line, without the secret or anything that looks like a key."""
    if secret is not None and secret.reveal():
        text = text.replace(secret.reveal(), "…")
    shown = _KEY_LIKE.sub("…", text)[:_MAX_MESSAGE]
    # Control characters and halves of characters cannot be stored with a run's events.
    return "".join(letter if letter.isprintable() else " " for letter in shown)


def _kind_of(refusal: Refusal) -> type[DomainError]:
    return _BY_STATUS.get(refusal.status, _by_class_of_status)(refusal)


def _by_class_of_status(refusal: Refusal) -> type[DomainError]:
    if refusal.status >= 500 or refusal.status < 400:
        return ModelUnavailable
    return _by_words(refusal)


def _by_words(refusal: Refusal) -> type[DomainError]:
    words = f"{refusal.code} {refusal.message}"
    if _CONTEXT.search(words):
        return ModelContextTooLong
    if _FILTER.search(words):
        return ModelContentFiltered
    return ModelBadRequest


def _always(kind: type[DomainError]) -> Callable[[Refusal], type[DomainError]]:
    return lambda _refusal: kind


_BY_STATUS: dict[int, Callable[[Refusal], type[DomainError]]] = {
    401: _always(ModelAuthenticationFailed),
    # Some providers say so when the balance is used up.
    402: _always(ModelRateLimited),
    403: _always(ModelAuthenticationFailed),
    404: _always(ModelNotFound),
    408: _always(ModelUnavailable),
    409: _always(ModelUnavailable),
    425: _always(ModelUnavailable),
    429: _always(ModelRateLimited),
}


def _sane(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 <= seconds <= _MAX_RETRY_AFTER else None
