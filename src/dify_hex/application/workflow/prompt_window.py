"""Fits a prompt and the memory of a conversation into a model's window."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.model_provider.ports import ChatMessage, TokenCounter
from dify_hex.domain.shared.errors import InvalidInput
from dify_hex.domain.shared.values.chat_turn import ChatTurn

#: What chat formats add around each message, in tokens; a safe estimate for all families.
MESSAGE_OVERHEAD = 6
#: What an image is taken to cost, in tokens: about what vendors charge for a large one.
IMAGE_TOKENS = 1500
#: Room left for the answer when its length is not limited.
DEFAULT_ANSWER_ROOM = 512


class PromptTooLong(InvalidInput):
    """The prompt alone is longer than the model's window; shorten it or use another model."""

    code = "workflow_prompt_too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowBudget:
    """How many tokens there are for prompt, memory and answer together."""

    context_window: int
    max_answer: int | None
    max_memory: int | None

    def room_for_memory(self, prompt_tokens: int) -> int:
        """Tokens left for past turns.

        Raises:
            PromptTooLong: the prompt leaves no room for any answer.
        """
        if prompt_tokens >= self.context_window:
            raise PromptTooLong(prompt_tokens=prompt_tokens, context_window=self.context_window)
        answer = self.max_answer or min(DEFAULT_ANSWER_ROOM, self.context_window // 4)
        room = max(0, self.context_window - prompt_tokens - answer)
        return room if self.max_memory is None else min(room, self.max_memory)


def newest_that_fit(
    turns: Sequence[ChatTurn], tokens: Sequence[int], room: int
) -> tuple[ChatTurn, ...]:
    """The longest run of newest turns whose tokens fit; whole turns only, oldest dropped first.

    `tokens[i]` is what turn `i` costs.
    """
    kept = len(turns)
    while kept > 0 and tokens[kept - 1] <= room:
        room -= tokens[kept - 1]
        kept -= 1
    return tuple(turns[kept:])


async def tokens_of(counter: TokenCounter, model: str, messages: Sequence[ChatMessage]) -> int:
    """What the messages cost the model, in tokens."""
    counted = await counter.count(model, [message.content for message in messages])
    return sum(counted) + _beside_text(messages)


def most_tokens_of(messages: Sequence[ChatMessage]) -> int:
    """What the messages cost any model at the most, found without counting."""
    return sum(len(message.content.encode()) for message in messages) + _beside_text(messages)


def _beside_text(messages: Sequence[ChatMessage]) -> int:
    images = sum(len(message.images) for message in messages)
    return MESSAGE_OVERHEAD * len(messages) + IMAGE_TOKENS * images
