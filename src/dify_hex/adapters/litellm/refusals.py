"""Reads the exceptions that LiteLLM makes of what vendors answer."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from dify_hex.application.model_provider.call_failures import Refusal, failure_of
from dify_hex.application.model_provider.ports import ModelEndpoint
from dify_hex.domain.model_provider.errors import ModelTimeout, ModelUnavailable
from dify_hex.domain.shared.errors import DomainError

_SERVER_FAILED = 500
#: Exceptions that say more than their status does, in words that vendors use.
_CODES = {
    "ContextWindowExceededError": "context_length_exceeded",
    "ContentPolicyViolationError": "content_filter",
    "RejectedRequestError": "content_filter",
}
#: What the library writes before the vendor's words.
_PREFIXES = re.compile(r"^((litellm\.)?\w+(Error|Timeout): |\w+(Exception|Error) - )+")


@asynccontextmanager
async def in_time(endpoint: ModelEndpoint, seconds: float) -> AsyncIterator[None]:
    """Asks a vendor and reads its answer inside; whatever goes wrong is told as our own failure.

    Raises:
        ModelTimeout: it took longer.
        ModelUnavailable: what was answered cannot be read.
        DomainError: as `failure_in` says.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ModelTimeout(
            provider=endpoint.provider_kind, model=endpoint.model, seconds=seconds
        ) from None
    except (LookupError, TypeError, AttributeError):
        raise ModelUnavailable(
            provider=endpoint.provider_kind, model=endpoint.model, reason="malformed_answer"
        ) from None
    except DomainError:
        raise
    except Exception as error:  # noqa: BLE001 - vendors' clients raise what they like
        raise failure_in(endpoint, error) from None


def failure_in(endpoint: ModelEndpoint, error: Exception) -> DomainError:
    """The domain's error for an exception of the library.

    What our own connections refused comes out as it was, however the library wrapped it.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, DomainError):
            return cause
    told = getattr(error, "original_exception", None) or error
    status = getattr(told, "status_code", None)
    message, code = _words_in(str(getattr(told, "message", "")))
    codes = {_CODES.get(type(told).__name__, ""), code, *map(_code_of, causes)}
    return failure_of(
        endpoint,
        Refusal(
            status=status if isinstance(status, int) else _SERVER_FAILED,
            code=" ".join(sorted(codes)).strip(),
            message=message,
            retry_after=next(filter(None, map(_retry_after_of, causes)), None),
        ),
    )


def _words_in(text: str) -> tuple[str, str]:
    """The vendor's message and code, out of the library's wrapping and the JSON they came in."""
    words = _PREFIXES.sub("", text.partition("\n")[0])
    try:
        answer = orjson.loads(words)
        error = answer.get("error", answer)
        return str(error.get("message") or ""), str(error.get("code") or "")
    except (ValueError, AttributeError):
        return words, ""


def _code_of(cause: BaseException) -> str:
    code = getattr(cause, "code", None)
    return code if isinstance(code, str) else ""


def _retry_after_of(cause: BaseException) -> float | None:
    for holder in (cause, getattr(cause, "response", None)):
        headers: Any = getattr(holder, "headers", None) or {}
        try:
            return float(headers["retry-after"])
        except (KeyError, TypeError, ValueError):
            continue
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        cause = pending.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        pending += [cause.__cause__, cause.__context__, getattr(cause, "original_exception", None)]
