"""Reminds a model of the conversation, as far as its window has room."""

from collections.abc import Sequence

from dify_hex.application.model_provider.ports import ChatMessage, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.shared.patience import patiently
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompt_window import (
    MESSAGE_OVERHEAD,
    WindowBudget,
    newest_that_fit,
    tokens_of,
)
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.workflow.prompting.model_settings import CallsModel, RolePrefix


class PastTurns:
    """Past turns are taken newest first, as long as there is room for whole ones."""

    def __init__(self, services: NodeServices) -> None:
        self._token_counter = services.token_counter
        self._memory = services.memory

    async def that_fit(
        self,
        config: CallsModel,
        context: NodeContext,
        model: ResolvedModel,
        beside: Sequence[ChatMessage],
    ) -> tuple[ChatTurn, ...]:
        """The turns that fit beside the rest of the prompt, oldest first.

        Raises:
            PromptTooLong: the rest alone fills the window.
        """
        facts = context.facts
        if config.memory is None or facts.reply_to is None:
            return ()
        if facts.conversation_id is None or facts.message_id is None:
            return ()
        before = (context.tenant_id, facts.conversation_id, facts.message_id)
        limit = config.memory.turns
        turns = await patiently(lambda: self._memory.turns_before(*before, limit=limit))
        if not turns:
            return ()
        name = model.endpoint.model
        room = WindowBudget(
            context_window=model.context_window,
            max_answer=config.model.parameters.max_tokens,
            max_memory=config.memory.max_tokens,
        ).room_for_memory(await tokens_of(self._token_counter, name, beside))
        return newest_that_fit(turns, await self._costs(name, turns), room)

    async def _costs(self, model: str, turns: Sequence[ChatTurn]) -> list[int]:
        counted = await self._token_counter.count(
            model, [f"{turn.query}\n{turn.answer}" for turn in turns]
        )
        return [tokens + 2 * MESSAGE_OVERHEAD for tokens in counted]


def as_messages(turns: Sequence[ChatTurn]) -> tuple[ChatMessage, ...]:
    """The turns as the model knows conversations."""
    return tuple(
        message
        for turn in turns
        for message in (
            ChatMessage(role=ChatRole.USER, content=turn.query),
            ChatMessage(role=ChatRole.ASSISTANT, content=turn.answer),
        )
    )


def as_dialogue(turns: Sequence[ChatTurn], prefix: RolePrefix) -> str:
    """The turns as one text."""
    return "\n".join(
        f"{prefix.user}: {turn.query}\n{prefix.assistant}: {turn.answer}" for turn in turns
    )
