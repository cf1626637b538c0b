"""Reads the chunks that LiteLLM makes of any vendor's stream."""

from typing import Any

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


class ChatAnswer:
    """Follows one answer chunk by chunk."""

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self._endpoint = endpoint
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        #: Whether anything of the answer has come.
        self.begun = False

    def read(self, chunk: Any) -> list[ChatEvent]:
        """What one chunk says."""
        self._usage = usage_in(getattr(chunk, "usage", None)) or self._usage
        if not chunk.choices:
            return []
        choice = chunk.choices[0]
        self._finish_reason = choice.finish_reason or self._finish_reason
        events = _events_in(choice.delta)
        self.begun = self.begun or bool(events)
        return events

    def end(self, chunks: Any) -> ChatFinished:
        """The answer's end, once its stream is over.

        The library invents an end and figures where a vendor gives none. The end has to be the
        vendor's; invented figures are left out, for whoever counts to mark them as estimated.

        Raises:
            ModelStreamCut: the stream ended before the answer did.
        """
        if not (chunks.received_finish_reason or chunks.intermittent_finish_reason):
            raise ModelStreamCut(
                provider=self._endpoint.provider_kind,
                model=self._endpoint.model,
                reason="no_finish",
            )
        reported = any(getattr(chunk, "usage", None) for chunk in chunks.chunks)
        return ChatFinished(
            finish_reason=self._finish_reason or "stop", usage=self._usage if reported else None
        )


def usage_in(usage: Any) -> Usage | None:
    """The figures of the library's usage object."""
    if usage is None:
        return None
    return Usage(
        prompt_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
        completion_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
    )


def _events_in(delta: Any) -> list[ChatEvent]:
    events: list[ChatEvent] = []
    if reasoning := getattr(delta, "reasoning_content", None):
        events.append(ReasoningDelta(reasoning))
    events += [
        ToolCallDelta(
            index=call.index or 0,
            id=call.id,
            name=call.function.name,
            arguments=call.function.arguments or "",
        )
        for call in getattr(delta, "tool_calls", None) or ()
    ]
    if text := getattr(delta, "content", None):
        events.append(TextDelta(text))
    return events
