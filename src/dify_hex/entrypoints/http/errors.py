"""One table from an error's category to an HTTP status, and the envelope that errors travel in."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.responses import Response

from dify_hex.domain.shared.errors import (
    Conflict,
    DetailValue,
    DomainError,
    Forbidden,
    Gone,
    InvalidInput,
    LimitReached,
    NotFound,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.messages.catalogue import message_for
from dify_hex.entrypoints.http.problems import (
    MalformedJson,
    MethodNotAllowed,
    ProtocolProblem,
    RangeNotSatisfiable,
)
from dify_hex.entrypoints.http.request_context import ENGLISH, current_request
from dify_hex.entrypoints.http.sent_paths import sent_path

STATUS_BY_CATEGORY: Mapping[type[DomainError], int] = {
    NotFound: 404,
    Gone: 410,
    Conflict: 409,
    Forbidden: 403,
    Unauthenticated: 401,
    InvalidInput: 422,
    LimitReached: 429,
    Unavailable: 503,
    Unsupported: 422,
}
#: The codes whose category alone would give the wrong status.
STATUS_BY_CODE: Mapping[str, int] = {
    "file_media_type_unsupported": 415,
    "file_too_large": 413,
}
#: How an enumeration's member shows in what pydantic says; its value is what can be sent.
_MEMBER = re.compile(r"<\w+\.\w+: ([^<>]+)>")
#: What a 503 says when nobody knows better.
_DEFAULT_RETRY_AFTER = 1
#: More field errors than this help nobody.
_MAX_FIELD_ERRORS = 50


class ErrorEnvelope(Schema):
    """What every error looks like."""

    code: str = Field(description="Stable; families sys_, biz_, auth_ and one per domain.")
    message: str = Field(description="For people, in the language of Accept-Language.")
    details: dict[str, Any] = Field(description="What the caller can act on.")
    help_url: str
    request_id: str


def status_of(error: DomainError | type[DomainError]) -> int:
    """The HTTP status that an error is answered with."""
    if isinstance(error, ProtocolProblem):
        return error.status
    kind = error if isinstance(error, type) else type(error)
    if issubclass(kind, ProtocolProblem):
        return kind.status
    if kind.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[kind.code]
    return next(STATUS_BY_CATEGORY[base] for base in kind.__mro__ if base in STATUS_BY_CATEGORY)


def error_response(error: DomainError) -> Response:
    """The error as an answer in the caller's language."""
    context = current_request()
    status = status_of(error)
    body = error_body(error, language=context.language, request_id=context.request_id)
    return Response(
        orjson.dumps(body), status, _headers(error, status), media_type="application/json"
    )


def error_body(error: DomainError, *, language: str, request_id: str) -> dict[str, DetailValue]:
    """The error envelope, for an answer or for an `error` event inside a stream."""
    return {
        "code": error.code,
        "message": message_for(error, language),
        "details": dict(error.details),
        "help_url": f"/docs/errors#{error.code}",
        "request_id": request_id,
    }


def validation_error(error: RequestValidationError) -> DomainError:
    """What pydantic found, by field; the values themselves stay out, as they may be secrets."""
    found = error.errors()[:_MAX_FIELD_ERRORS]
    if any(item["type"] == "json_invalid" for item in found):
        return MalformedJson(position=_json_position(found[0]["loc"]))
    fields: list[DetailValue] = [
        {
            "field": sent_path(
                item["loc"],
                body=error.body,
                found=item.get("input"),
                is_missing=item["type"] == "missing",
            ),
            "in": str(item["loc"][0]),
            "problem": item["type"],
            "message": _MEMBER.sub(r"\1", item["msg"]),
        }
        for item in found
    ]
    return InvalidInput(fields=fields)


def errors(*kinds: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for the errors that are a route's own.

    Those of every route (401, 403, 422, 429, 500, 503 …) are added where the document is built.
    """
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        response = by_status.setdefault(status_of(kind), blank_response())
        add_example(response, kind)
    return by_status


def blank_response() -> dict[str, Any]:
    """An error response in OpenAPI, with no examples yet."""
    return {
        "description": "",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/ErrorEnvelope"},
                "examples": {},
            }
        },
    }


def add_example(response: dict[str, Any], kind: type[DomainError]) -> None:
    """Show an error among the examples of its status."""
    error = kind.__new__(kind)
    DomainError.__init__(error)
    examples = response["content"]["application/json"]["examples"]
    examples[kind.code] = {
        "summary": error.message,
        "value": error_body(error, language=ENGLISH, request_id="req_019aa0f07c1e7d8ea6a7"),
    }
    response["description"] = ", ".join(f"`{code}`" for code in examples)


def _headers(error: DomainError, status: int) -> dict[str, str]:
    retry_after = getattr(error, "retry_after", None)
    if retry_after is None and status == 503:
        retry_after = _DEFAULT_RETRY_AFTER
    headers = {}
    if retry_after is not None:
        headers["retry-after"] = str(max(1, -int(-retry_after // 1)))
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="dify-hex"'
    allow = error.details.get("allow")
    if isinstance(error, MethodNotAllowed) and isinstance(allow, list):
        headers["allow"] = ", ".join(map(str, allow))
    if isinstance(error, RangeNotSatisfiable):
        headers["content-range"] = f"bytes */{error.details['size_bytes']}"
    return headers


def _json_position(location: tuple[int | str, ...]) -> int:
    last = location[-1]
    return last if isinstance(last, int) else 0
