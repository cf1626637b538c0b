"""Reads bodies within limits of size and time, and refuses JSON that no part of us can hold."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dify_hex.domain.shared.errors import DomainError, InvalidInput
from dify_hex.entrypoints.http.errors import error_response
from dify_hex.entrypoints.http.problems import (
    BodyTimedOut,
    BodyTooLarge,
    MalformedJson,
    MediaTypeNotSupported,
)

#: How deep JSON may be nested.
MAX_DEPTH = 64
#: What could be a NUL, a surrogate escaped or encoded, a number that is none or does not fit.
_SUSPICIOUS = re.compile(
    rb"\x00|\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]|NaN|Infinity|[eE]\+?[0-9]{3}|[0-9]{19}"
)
_INT_RANGE = range(-(2**63), 2**63)
#: More characters than any integer in the range has.
_MAX_DIGITS = 20
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


class ClientLeft(Exception):
    """The caller hung up before the body was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """How large a body may be, and how many seconds it may take and may pause."""

    max_bytes: int
    timeout: float
    pause_timeout: float | None = None


class BodyGuard:
    """Takes in the whole body before the application sees the request.

    So a slow sender holds a task and a buffer, never a database connection, and every route can
    rely on JSON that the database can store: no NUL, no lone surrogates, no NaN, no number beyond
    64 bits, no more than `MAX_DEPTH` levels. Where `streamed` says so, a route reads its body as it
    comes, within limits of its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: BodyLimits,
        streamed: Callable[[Scope], bool] = lambda _: False,
        streamed_limits: BodyLimits | None = None,
        json_below: str = "/v1/",
    ) -> None:
        self._app = app
        self._limits = limits
        self._streamed = streamed
        self._streamed_limits = streamed_limits or limits
        self._json_below = json_below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            check_address(scope)
            if scope["method"] in _BODILESS or not _announces_body(scope):
                await self._app(scope, receive, send)
                return
            if self._streamed(scope):
                check_announced_size(scope, self._streamed_limits.max_bytes)
                await self._app(scope, _Trickle(self._streamed_limits, receive), send)
                return
            body = await self._read(scope, receive)
            if body and scope["path"].startswith(self._json_below):
                check_media_type(scope)
                check_json(body)
        except ClientLeft:
            return
        except DomainError as error:
            await error_response(error)(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        max_bytes = self._limits.max_bytes
        check_announced_size(scope, max_bytes)
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.timeout):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise ClientLeft
                    part = message.get("body", b"")
                    size += len(part)
                    if size > max_bytes:
                        raise BodyTooLarge(limit_bytes=max_bytes)
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise BodyTimedOut from None


class _Replay:
    """Gives the application the body that was read, then the connection's own events."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Trickle:
    """Gives the application the body as it comes, until it is too much or too slow."""

    def __init__(self, limits: BodyLimits, receive: Receive) -> None:
        self._limits = limits
        self._receive = receive
        self._size = 0
        self._whole = False
        self._ends_at = asyncio.get_running_loop().time() + limits.timeout

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        message = await self._next()
        if message["type"] != "http.request":
            raise ClientLeft
        self._size += len(message.get("body", b""))
        if self._size > self._limits.max_bytes:
            raise BodyTooLarge(limit_bytes=self._limits.max_bytes)
        self._whole = not message.get("more_body", False)
        return message

    async def _next(self) -> Message:
        left = self._ends_at - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(left, self._limits.pause_timeout or left)):
                return await self._receive()
        except TimeoutError:
            raise BodyTimedOut from None


def check_announced_size(scope: Scope, max_bytes: int) -> None:
    """Refuse a body that says itself that it is too large."""
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if announced.isdigit() and int(announced[:18]) > max_bytes:
        raise BodyTooLarge(limit_bytes=max_bytes)


def check_address(scope: Scope) -> None:
    """Refuse what an address cannot mean.

    No text of ours can hold a NUL. Of a parameter that comes twice, one layer may read the first
    and another the last; no route takes any twice.
    """
    query: bytes = scope["query_string"]
    if b"%00" in query or "\0" in scope["path"]:
        raise InvalidInput(fields=[_field("address", "nul_character")])
    if b"&" in query:
        names = [part.partition(b"=")[0] for part in query.split(b"&") if part]
        if len(set(names)) < len(names):
            raise InvalidInput(fields=[_field("query", "repeated_parameter")])


def check_media_type(scope: Scope) -> None:
    """Refuse a body that does not say it is JSON."""
    declared = next((v for name, v in scope["headers"] if name == b"content-type"), b"")
    kind = declared.partition(b";")[0].strip().lower()
    if kind != b"application/json" and not (
        kind.startswith(b"application/") and kind.endswith(b"+json")
    ):
        raise MediaTypeNotSupported(expected="application/json")


def check_json(body: bytes) -> None:
    """Refuse JSON that parses but cannot be stored or walked.

    Most bodies are cleared by one search and two counts; only a suspicious one is parsed here.

    Raises:
        MalformedJson: it is not JSON by the letter.
        InvalidInput: naming what is in it that cannot be kept.
    """
    deep = body.count(b"[") + body.count(b"{") > MAX_DEPTH
    if not deep and _SUSPICIOUS.search(body) is None:
        return
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(position=error.pos) from None
    problem = _problem_in(value, depth=1)
    if problem is not None:
        raise _refused(problem)
    json.loads(body, parse_int=_check_integer)


def _check_integer(digits: str) -> int:
    """Stands in for `int`, because the fast parser turns a number that is too long into a float."""
    if len(digits) > _MAX_DIGITS or int(digits) not in _INT_RANGE:
        raise _refused("number_out_of_range")
    return int(digits)


def _problem_in(value: Any, *, depth: int) -> str | None:
    if isinstance(value, str):
        return "nul_character" if "\0" in value else None
    if not isinstance(value, dict | list):
        return None
    if depth > MAX_DEPTH:
        return "nested_too_deeply"
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    return next(filter(None, (_problem_in(item, depth=depth + 1) for item in inner)), None)


def _refused(problem: str) -> InvalidInput:
    return InvalidInput(fields=[_field("body", problem)])


def _field(place: str, problem: str) -> dict[str, str]:
    return {"field": place, "in": place, "problem": problem, "message": problem.replace("_", " ")}


def _announces_body(scope: Scope) -> bool:
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )
