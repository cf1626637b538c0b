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
from dify_hex.domain.shared.ids import ConversationId, MessageId, TenantId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.usage import Usage


class ScriptedChatModel(ChatModel):
    """Says its events to everyone, and remembers who asked for what."""

    def __init__(self, *events: ChatEvent) -> None:
        self.events = events or (
            TextDelta("Hi"),
            TextDelta("."),
            ChatFinished(finish_reason="stop", usage=Usage(prompt_tokens=7, completion_tokens=2)),
        )
        self.requests: list[ChatRequest] = []
        self.closed = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        self.requests.append(request)
        try:
            for event in self.events:
                yield event
        finally:
            self.closed += 1


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
