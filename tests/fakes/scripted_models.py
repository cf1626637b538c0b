"""Model ports that answer from a script, for unit tests of what calls them."""

from collections.abc import AsyncGenerator, Sequence

from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ChatModel,
    ChatRequest,
    TextDelta,
    TokenCounter,
)
from dify_hex.application.workflow.ports import ConversationMemory
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import ConversationId, MessageId, TenantId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.usage import Usage


class ScriptedChatModel(ChatModel):
    """Says its events to everyone, and remembers who asked for what.

    `then` scripts the calls that follow, one each; an error among the events is raised.
    """

    def __init__(self, *events: ChatEvent | DomainError) -> None:
        self.events = events or (
            TextDelta("Hi"),
            TextDelta("."),
            ChatFinished(finish_reason="stop", usage=Usage(prompt_tokens=7, completion_tokens=2)),
        )
        self.requests: list[ChatRequest] = []
        self.closed = 0
        self._later: list[tuple[ChatEvent | DomainError, ...]] = []

    def then(self, *events: ChatEvent | DomainError) -> "ScriptedChatModel":
        """Say something else in the next call."""
        self._later.append(events)
        return self

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        self.requests.append(request)
        events = self.events
        if self._later:
            self.events = self._later.pop(0)
        try:
            for event in events:
                if isinstance(event, DomainError):
                    raise event
                yield event
        finally:
            self.closed += 1


def saying(*pieces: str, usage: Usage | None = None) -> tuple[ChatEvent, ...]:
    """A whole answer, piece by piece."""
    return (*map(TextDelta, pieces), ChatFinished(finish_reason="stop", usage=usage))


class WordCounter(TokenCounter):
    """A word is a token."""

    async def count(self, model: str, texts: Sequence[str]) -> list[int]:
        del model
        return [len(text.split()) for text in texts]


class KeptMemory(ConversationMemory):
    """A conversation that a test has written."""

    def __init__(self, *turns: ChatTurn) -> None:
        self.turns = turns

    async def turns_before(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        message_id: MessageId,
        *,
        limit: int,
    ) -> Sequence[ChatTurn]:
        del tenant_id, conversation_id, message_id
        return self.turns[-limit:]
