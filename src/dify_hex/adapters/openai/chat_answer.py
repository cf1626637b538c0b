"""Reads the chunks of a streamed completion: what they say, and how the answer ended."""

from collections.abc import Iterator
from typing import Any

import orjson

from dify_hex.adapters.openai.refusals import refusal_in
from dify_hex.application.model_provider.call_failures import failure_of
from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ModelEndpoint,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from dify_hex.domain.model_provider.errors import ModelStreamCut
from dify_hex.domain.shared.values.usage import Usage

_DONE = b"[DONE]"
#: All that nearly every chunk has; whatever else a delta holds is looked at more slowly.
_PLAIN = frozenset({"role", "content"})


class ChatAnswer:
    """Follows one answer chunk by chunk.

    Pieces of text that arrived together are handed on as one. A server may leave out `[DONE]` or
    the finish reason, but not both: then the answer was cut.
    """

    __slots__ = ("_endpoint", "_finish_reason", "_usage", "done")

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self._endpoint = endpoint
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        #: Whether the server has said that nothing more comes.
        self.done = False

    @property
    def finished(self) -> bool:
        """Whether the answer is complete: at most its usage is still to come."""
        return self.done or self._finish_reason is not None

    def read(self, received: Iterator[bytes]) -> list[ChatEvent]:
        """What the data of some events says.

        Raises:
            ModelStreamCut: it is not what the protocol allows.
            DomainError: the provider reports a failure in the middle of the stream.
        """
        events: list[ChatEvent] = []
        text: list[str] = []
        for data in received:
            if data == _DONE:
                self.done = True
                break
            delta = self._delta(data)
            others = [] if delta.keys() <= _PLAIN else self._beyond_text(delta)
            if others:
                events += _joined(text)
                text.clear()
                events += others
            if content := delta.get("content"):
                text.append(content)
        return events + _joined(text)

    def end(self) -> ChatFinished:
        """The answer's end, once the stream is over.

        Raises:
            ModelStreamCut: the stream ended before the answer did.
        """
        if not self.finished:
            raise self._cut("no_finish")
        return ChatFinished(finish_reason=self._finish_reason or "stop", usage=self._usage)

    def _delta(self, data: bytes) -> dict[str, Any]:
        try:
            chunk = orjson.loads(data)
            if chunk.get("error"):
                raise failure_of(self._endpoint, refusal_in(chunk, status=500))
            if usage := chunk.get("usage"):
                self._usage = usage_in(usage)
            if not (choices := chunk.get("choices")):
                return {}
            choice = choices[0]
            self._finish_reason = choice.get("finish_reason") or self._finish_reason
            # A server that was asked to stream and answers whole sends a message instead.
            delta: dict[str, Any] = choice.get("delta") or choice.get("message") or {}
            if not isinstance(delta.get("content"), str | None):
                raise TypeError("content is no text")
        except (ValueError, TypeError, AttributeError, LookupError):
            raise self._cut("malformed_chunk") from None
        return delta

    def _beyond_text(self, delta: dict[str, Any]) -> list[ChatEvent]:
        try:
            return list(_reasoning_and_tool_calls(delta))
        except (ValueError, TypeError, AttributeError):
            raise self._cut("malformed_chunk") from None

    def _cut(self, reason: str) -> ModelStreamCut:
        return ModelStreamCut(
            provider=self._endpoint.provider_kind, model=self._endpoint.model, reason=reason
        )


def usage_in(usage: dict[str, Any]) -> Usage:
    """The figures of a `usage` object; a missing one counts as zero."""
    return Usage(
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
    )


def _joined(pieces: list[str]) -> list[ChatEvent]:
    return [TextDelta("".join(pieces))] if pieces else []


def _reasoning_and_tool_calls(delta: dict[str, Any]) -> Iterator[ChatEvent]:
    if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
        yield ReasoningDelta(str(reasoning))
    for position, call in enumerate(delta.get("tool_calls") or ()):
        function = call.get("function") or {}
        yield ToolCallDelta(
            index=int(call.get("index", position)),
            id=call.get("id"),
            name=function.get("name"),
            arguments=str(function.get("arguments") or ""),
        )
