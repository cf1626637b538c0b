"""Fits a prompt, the memory of a conversation and found passages into a model's window."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.model_provider.ports import ChatMessage, TokenCounter
from dify_hex.domain.shared.errors import InvalidInput

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
    """How many tokens there are for prompt, memory, passages and answer together."""

    context_window: int
    max_answer: int | None
    max_memory: int | None

    def room_beside(self, prompt_tokens: int) -> int:
        """Tokens left for past turns and for passages.

        Raises:
            PromptTooLong: the prompt leaves no room for any answer.
        """
        if prompt_tokens >= self.context_window:
            raise PromptTooLong(prompt_tokens=prompt_tokens, context_window=self.context_window)
        return max(0, self.context_window - prompt_tokens - self.answer_room)

    @property
    def answer_room(self) -> int:
        """Tokens that are kept free for the answer."""
        return self.max_answer or min(DEFAULT_ANSWER_ROOM, self.context_window // 4)

    def has_room_for(self, tokens: int, memory_tokens: int) -> bool:
        """Whether so much altogether, so much of it past turns, needs no fitting."""
        fits = tokens + self.answer_room <= self.context_window
        return fits and (self.max_memory is None or memory_tokens <= self.max_memory)


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of the newest turns and of the best passages there is room for."""

    turns: int
    passages: int


def fit(
    turns: Sequence[int], passages: Sequence[int], *, room: int, max_memory: int | None = None
) -> Fit:
    """What is kept where not everything has room; whole turns and passages only.

    The numbers are the tokens of each turn, the oldest first, and of each passage, the best first.
    What does not fit goes in this order: turns, the oldest first, down to the newest one;
    passages, the worst first, down to the best one; the newest turn; the best passage.
    `max_memory` limits the turns besides.
    """
    memory = room if max_memory is None else max_memory
    newest_first = [*reversed(turns)]
    best, others = list(passages[:1]), passages[1:]
    kept_best = _prefix(best, room)
    room -= sum(best[:kept_best])
    kept_newest = _prefix(newest_first[:1], min(room, memory))
    room -= sum(newest_first[:kept_newest])
    memory -= sum(newest_first[:kept_newest])
    kept_others = _prefix(others, room) if kept_best == len(best) else 0
    kept = Fit(turns=kept_newest, passages=kept_best + kept_others)
    if kept.passages < len(passages) or kept_newest == 0:
        return kept
    room -= sum(others)
    older = _prefix(newest_first[1:], min(room, memory))
    return Fit(turns=kept_newest + older, passages=kept.passages)


def _prefix(costs: Sequence[int], room: int) -> int:
    """How many from the beginning have room together."""
    kept = 0
    while kept < len(costs) and costs[kept] <= room:
        room -= costs[kept]
        kept += 1
    return kept


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
