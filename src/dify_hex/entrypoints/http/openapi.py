"""The OpenAPI document: what FastAPI finds, completed by what our own markers say."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dify_hex.application.shared.actor import AppNotAllowed, PermissionDenied
from dify_hex.application.shared.idempotency import IdempotencyInProgress, IdempotencyKeyReused
from dify_hex.domain.shared.errors import (
    DomainError,
    InvalidInput,
    StaleVersion,
    Unauthenticated,
    Unavailable,
)
from dify_hex.entrypoints.http import preconditions
from dify_hex.entrypoints.http.errors import (
    ErrorEnvelope,
    add_example,
    blank_response,
    status_of,
)
from dify_hex.entrypoints.http.idempotency import InvalidIdempotencyKey
from dify_hex.entrypoints.http.injection import dependencies_of
from dify_hex.entrypoints.http.pagination import PageParameters
from dify_hex.entrypoints.http.problems import (
    BodyTimedOut,
    BodyTooLarge,
    InternalError,
    MalformedIfMatch,
    MalformedJson,
    MalformedRequest,
    MediaTypeNotSupported,
    NotAcceptable,
    Overloaded,
    RateLimited,
    UnknownSortField,
    VersionRequired,
)
from dify_hex.entrypoints.http.route_table import RouteFacts, RouteTable

#: What any request can be answered with, whatever its route.
_ALWAYS = (
    MalformedRequest,
    NotAcceptable,
    InvalidInput,
    RateLimited,
    InternalError,
    Unavailable,
    Overloaded,
)
_WITH_BODY = (MalformedJson, BodyTimedOut, BodyTooLarge, MediaTypeNotSupported)
_WITH_PERMISSION = (PermissionDenied, AppNotAllowed)
_WITH_KEY = (IdempotencyInProgress, IdempotencyKeyReused, InvalidIdempotencyKey)

_SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of a person, or a key (`sk-…`) of a machine.",
    },
    "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "apiKeyQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "api_key",
        "description": "On GET only, where a caller can set no header.",
    },
}
_IDEMPOTENCY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body returns the first answer for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_LOCATION = {"description": "Where the resource lives.", "schema": {"type": "string"}}
_DESCRIPTION = """
Build LLM applications, publish them in versions, and serve them by REST and SSE.

Every answer carries `X-Request-Id`; errors are `{code, message, details, help_url, request_id}`
with the message in the language of `Accept-Language` (English or Simplified Chinese).
"""


def openapi_document(
    app: FastAPI, table: RouteTable, credential_errors: Iterable[type[DomainError]]
) -> dict[str, Any]:
    """The whole document; `credential_errors` are what bad credentials can be answered with."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["ErrorEnvelope"] = ErrorEnvelope.model_json_schema()
    components["securitySchemes"] = _SECURITY_SCHEMES
    unauthenticated: tuple[type[DomainError], ...] = (Unauthenticated, *credential_errors)
    for facts in table:
        for method in facts.methods:
            operation = document["paths"].get(facts.template, {}).get(method.lower())
            if operation is not None:
                _complete(operation, facts, method, unauthenticated)
    return document


def _complete(
    operation: dict[str, Any],
    facts: RouteFacts,
    method: str,
    unauthenticated: tuple[type[DomainError], ...],
) -> None:
    responses = operation["responses"]
    if _is_generated(responses.get("422")):
        del responses["422"]
    for status in ("201", "202"):
        if status in responses:
            responses[status].setdefault("headers", {})["Location"] = _LOCATION
    kinds = [*_ALWAYS, *_errors_of_markers(facts)]
    if "requestBody" in operation:
        kinds += _WITH_BODY
    if facts.guard is None:
        operation["security"] = []
    else:
        kinds += unauthenticated
        operation["x-permission"] = facts.guard.shown_as
        operation["security"] = [{"bearer": []}, {"apiKeyHeader": []}]
        if method == "GET":
            operation["security"].append({"apiKeyQuery": []})
        if facts.guard.idempotent:
            operation.setdefault("parameters", []).append(_IDEMPOTENCY_HEADER)
    _add_errors(responses, kinds)


def _errors_of_markers(facts: RouteFacts) -> list[type[DomainError]]:
    kinds: list[type[DomainError]] = []
    if facts.guard is not None and facts.guard.permission is not None:
        kinds += _WITH_PERMISSION
    if facts.guard is not None and facts.guard.idempotent:
        kinds += _WITH_KEY
    for call in dependencies_of(facts.dependant):
        if call in (preconditions.optional_version, preconditions.required_version):
            kinds += (MalformedIfMatch, StaleVersion)
        if call is preconditions.required_version:
            kinds.append(VersionRequired)
        if isinstance(call, PageParameters):
            kinds.append(UnknownSortField)
    return kinds


def _add_errors(responses: dict[str, Any], kinds: Iterable[type[DomainError]]) -> None:
    for kind in kinds:
        response = responses.setdefault(str(status_of(kind)), blank_response())
        examples = response.get("content", {}).get("application/json", {}).get("examples")
        # A response of the route's own shape, such as a health report, is left alone.
        if examples is not None and kind.code not in examples:
            add_example(response, kind)


def _is_generated(response: Mapping[str, Any] | None) -> bool:
    return response is not None and "examples" not in str(response)
