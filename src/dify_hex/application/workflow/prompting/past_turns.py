"""Reminds a model of the conversation and shows it passages, as far as its window has room."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.model_provider.ports import ChatMessage, ChatRole
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.shared.patience import patiently
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompt_window import (
    MESSAGE_OVERHEAD,
    WindowBudget,
    fit,
    most_tokens_of,
    tokens_of,
)
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.workflow.prompting.model_settings import CallsModel, RolePrefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """The turns that have room, the oldest first, and how many of the best passages."""

    turns: tuple[ChatTurn, ...]
    passages: int


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
        return (await self.fit(config, context, model, beside, ())).turns

    async def fit(
        self,
        config: CallsModel,
        context: NodeContext,
        model: ResolvedModel,
        beside: Sequence[ChatMessage],
        passages: Sequence[str],
    ) -> Fitting:
        """The turns and the passages, best first, that fit beside the rest of the prompt.

        Which of them go first is told by `prompt_window.fit`.

        Raises:
            PromptTooLong: the rest alone fills the window.
        """
        turns = await self._turns(config, context)
        if not turns and not passages:
            return Fitting(turns=(), passages=0)
        budget = WindowBudget(
            context_window=model.context_window,
            max_answer=config.model.parameters.max_tokens,
            max_memory=None if config.memory is None else config.memory.max_tokens,
        )
        said = [f"{turn.query}\n{turn.answer}" for turn in turns]
        told = _at_most(said) + 2 * MESSAGE_OVERHEAD * len(turns)
        if budget.has_room_for(most_tokens_of(beside) + told + _at_most(passages), told):
            return Fitting(turns=tuple(turns), passages=len(passages))
        name = model.endpoint.model
        counted = await self._token_counter.count(name, [*said, *passages])
        kept = fit(
            [tokens + 2 * MESSAGE_OVERHEAD for tokens in counted[: len(turns)]],
            counted[len(turns) :],
            room=budget.room_beside(await tokens_of(self._token_counter, name, beside)),
            max_memory=budget.max_memory,
        )
        return Fitting(turns=tuple(turns[len(turns) - kept.turns :]), passages=kept.passages)

    async def _turns(self, config: CallsModel, context: NodeContext) -> Sequence[ChatTurn]:
        facts = context.facts
        if config.memory is None or facts.reply_to is None:
            return ()
        if facts.conversation_id is None or facts.message_id is None:
            return ()
        before = (context.tenant_id, facts.conversation_id, facts.message_id)
        limit = config.memory.turns
        return await patiently(lambda: self._memory.turns_before(*before, limit=limit))


def _at_most(texts: Sequence[str]) -> int:
    """What the texts cost any model at the most, each with what joins it to the next."""
    return sum(len(text.encode()) + 1 for text in texts)


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
