"""Reads what a server of OpenAI's protocol says when it refuses."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from dify_hex.application.model_provider.call_failures import Refusal


def refusal_of(response: httpx.Response, body: bytes) -> Refusal:
    """The refusal in an answer that is no success; its body may be anything."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        answer = None
    refusal = refusal_in(answer if isinstance(answer, dict) else {}, status=response.status_code)
    return Refusal(
        status=response.status_code,
        code=refusal.code,
        message=refusal.message,
        retry_after=retry_after_in(response.headers.get("retry-after")),
    )


def refusal_in(answer: dict[str, Any], *, status: int) -> Refusal:
    """The refusal in a JSON body; a numeric code in it is a status of its own."""
    error = answer.get("error", answer.get("detail"))
    if not isinstance(error, dict):
        return Refusal(status=status, message=str(error or answer.get("message") or ""))
    code = error.get("code")
    if isinstance(code, int) and 400 <= code <= 599:
        status = code
    return Refusal(
        status=status,
        code=f"{code or ''} {error.get('type') or ''}".strip(),
        message=str(error.get("message") or ""),
    )


def retry_after_in(header: str | None) -> float | None:
    """Seconds to wait, whether the header gives them or a date."""
    if header is None:
        return None
    try:
        return float(header)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
