"""Streams the answers of the scripted model server, and everything that can go wrong in one."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.fakes.model_script import Script, pieces_of

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_SSE = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


@dataclass(slots=True, kw_only=True)
class Recorded:
    """A request as it was asked, and how it ended: `running`, `finished`, `left` or `broken`."""

    path: str
    model: str
    idempotency_key: str | None
    authorized: bool
    question: str
    traceparent: str | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)
    tokens_sent: int = 0
    ended: str = "running"


class Broken(Exception):
    """Ends the connection in the middle of an answer, as a dying server does."""


class ClientLeft(Exception):
    """The caller closed its connection."""


class Wire:
    """Writes one streamed answer, as smoothly or as awkwardly as the script wants."""

    def __init__(self, script: Script, model: str, receive: Receive, send: Send) -> None:
        self._script = script
        self._send = send
        self._receive = receive
        self._leaving: asyncio.Task[None] | None = None
        name = orjson.dumps(model).decode()
        self._head = f'{{"id":"c1","object":"chat.completion.chunk","created":1,"model":{name},'

    def event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        """One chunk with a delta."""
        choice = orjson.dumps([{"index": 0, "delta": delta, "finish_reason": finish}]).decode()
        return self.line(f'{self._head}"choices":{choice}}}')

    def usage(self, prompt_tokens: int, completion_tokens: int) -> bytes:
        """The chunk without choices that reports usage."""
        usage = orjson.dumps(usage_of(prompt_tokens, completion_tokens)).decode()
        return self.line(f'{self._head}"choices":[],"usage":{usage}}}')

    def line(self, data: str) -> bytes:
        """An event of the stream."""
        if self._script.awkward:
            return f": keep-alive\r\nevent: message\r\ndata:{data}\r\n\r\n".encode()
        return f"data: {data}\n\n".encode()

    async def write(self, data: bytes) -> None:
        """Send the bytes, sliced if the script says so."""
        size = self._script.slice or len(data) or 1
        for start in range(0, len(data), size):
            await self._send(
                {
                    "type": "http.response.body",
                    "body": data[start : start + size],
                    "more_body": True,
                }
            )
            if self._script.slice:
                # Lets each slice leave as a packet of its own.
                await asyncio.sleep(0)

    async def wait(self, seconds: float) -> None:
        """Be silent, unless for comments; raises ClientLeft as soon as nobody listens."""
        if seconds <= 0:
            return
        if self._leaving is None:
            self._leaving = asyncio.create_task(_disconnected(self._receive))
        pause = self._script.keepalive
        while seconds > 0:
            step = min(pause, seconds) if pause else seconds
            timeout = None if math.isinf(step) else step
            if (await asyncio.wait({self._leaving}, timeout=timeout))[0]:
                raise ClientLeft
            seconds -= step
            if pause:
                await self.write(b": keep-alive\n\n")

    def close(self) -> None:
        """Stop watching the connection."""
        if self._leaving is not None:
            self._leaving.cancel()


async def stream(
    script: Script, question: str, recorded: Recorded, receive: Receive, send: Send
) -> None:
    """Answer a chat request piece by piece."""
    wire = Wire(script, recorded.model, receive, send)
    pieces = pieces_of(script, question)
    options = recorded.body.get("stream_options") or {}
    tail = _tail(wire, script, recorded, pieces, reported=bool(options.get("include_usage")))
    try:
        await wire.wait(script.first)
        await send({"type": "http.response.start", "status": 200, "headers": _SSE})
        head = wire.event({"role": "assistant", "content": ""}) + b"".join(
            wire.event({"reasoning_content": f"r{number} "}) for number in range(script.reasoning)
        )
        if script.delay == 0 and _is_smooth(script):
            tokens = b"".join(wire.event({"content": piece}) for piece in pieces)
            recorded.tokens_sent = len(pieces)
            await wire.write(head + tokens + tail)
        else:
            await wire.write(head)
            async for piece in _paced(wire, script, pieces):
                await wire.write(wire.event({"content": piece}))
                recorded.tokens_sent += 1
            if 0 <= script.end_after <= len(pieces):
                tail = b""
            await wire.write(tail)
        await send({"type": "http.response.body", "body": b""})
    finally:
        wire.close()


async def _paced(wire: Wire, script: Script, pieces: Sequence[str]) -> AsyncIterator[str]:
    """The pieces in their time, as far as the script lets them come."""
    for sent in range(len(pieces) + 1):
        await _mishap(wire, script, sent)
        if sent in (script.end_after, len(pieces)):
            return
        if sent:
            await wire.wait(script.delay)
        yield pieces[sent]


async def _mishap(wire: Wire, script: Script, sent: int) -> None:
    if sent == script.cut_after:
        raise Broken
    if sent == script.hang_after:
        await wire.wait(math.inf)
    if sent == script.malformed_after:
        await wire.write(b'data: {"choices": [{"delta": {"con\n\n')
    if sent == script.error_after:
        error = {"error": {"message": "scripted error", "type": "server_error", "code": 500}}
        await wire.write(wire.line(orjson.dumps(error).decode()))


def _is_smooth(script: Script) -> bool:
    positions = (
        script.cut_after,
        script.end_after,
        script.malformed_after,
        script.hang_after,
        script.error_after,
    )
    return max(positions) < 0


def _tail(
    wire: Wire, script: Script, recorded: Recorded, pieces: Sequence[str], *, reported: bool
) -> bytes:
    parts = []
    if script.tool:
        half = len(script.arguments) // 2
        for number, arguments in enumerate((script.arguments[:half], script.arguments[half:])):
            call: dict[str, Any] = {"index": 0, "function": {"arguments": arguments}}
            if number == 0:
                call |= {"id": "call_1", "type": "function"}
                call["function"]["name"] = script.tool
            parts.append(wire.event({"tool_calls": [call]}))
    finish = "tool_calls" if script.tool else script.finish
    parts.append(wire.event({}, finish))
    if script.usage and reported:
        parts.append(wire.usage(prompt_tokens_of(recorded), len(pieces)))
    if script.done:
        parts.append(wire.line("[DONE]"))
    return b"".join(parts)


def prompt_tokens_of(recorded: Recorded) -> int:
    """Words of the prompt, as tokens."""
    return sum(len(str(message.get("content", "")).split()) for message in recorded.messages)


def usage_of(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Usage as the protocol writes it."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
