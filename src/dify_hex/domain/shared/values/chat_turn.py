"""One finished turn of a conversation, as a model is reminded of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTurn:
    """What was asked and what was answered."""

    query: str
    answer: str
