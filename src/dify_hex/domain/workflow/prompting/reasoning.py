"""Tells what a model thinks from what it answers, while both are still coming."""

import re
from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_OPEN, _CLOSE = "<think>", "</think>"
_OPENING = re.compile(_OPEN, re.IGNORECASE | re.ASCII)
_CLOSING = re.compile(_CLOSE, re.IGNORECASE | re.ASCII)


class ReasoningFormat(StrEnum):
    """Where the model's thinking goes: between tags in the text, or into an output of its own."""

    TAGGED = "tagged"
    SEPARATED = "separated"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A further piece of the text, and of the thinking; either may be empty."""

    text: str = ""
    reasoning: str = ""


class ReasoningForm(Protocol):
    """Takes what the model says piece by piece, and gives what of it is certain."""

    @abstractmethod
    def say(self, piece: str) -> Spoken:
        """The next piece of the model's text."""

    @abstractmethod
    def think(self, piece: str) -> Spoken:
        """The next piece of thinking that the provider itself keeps apart."""

    @abstractmethod
    def finish(self) -> Spoken:
        """What was held back when the model ended."""


class SeparatedReasoning(ReasoningForm):
    """Takes `<think>…</think>` out of the text, wherever the pieces were cut.

    What could still become a tag is held back. Space between thinking and the answer belongs to
    neither; thinking that is never closed stays thinking, for the answer was cut before it began.
    """

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        #: Space before the first word; None once there was a word.
        self._margin: str | None = ""
        self._reasoned = False

    def say(self, piece: str) -> Spoken:
        """The next piece of the model's text."""
        if self._margin is None and not self._inside and not self._held and "<" not in piece:
            return Spoken(piece)
        text: list[str] = []
        reasoning: list[str] = []
        rest = self._held + piece
        while match := (_CLOSING if self._inside else _OPENING).search(rest):
            self._put(rest[: match.start()], text, reasoning)
            rest = rest[match.end() :]
            self._turn(reasoning)
        certain = len(rest) - _begun(rest, _CLOSE if self._inside else _OPEN)
        self._held = rest[certain:]
        self._put(rest[:certain], text, reasoning)
        return Spoken("".join(text), "".join(reasoning))

    def think(self, piece: str) -> Spoken:
        """The next piece of thinking that the provider itself keeps apart."""
        self._reasoned = True
        return Spoken(reasoning=piece)

    def finish(self) -> Spoken:
        """What looked like the beginning of a tag and was none."""
        text: list[str] = []
        reasoning: list[str] = []
        self._put(self._held, text, reasoning)
        self._held = ""
        if self._margin and not self._reasoned:
            text.append(self._margin)
        self._margin = None
        return Spoken("".join(text), "".join(reasoning))

    def _turn(self, reasoning: list[str]) -> None:
        self._inside = not self._inside
        if self._inside:
            if self._reasoned:
                reasoning.append("\n")
            self._reasoned = True

    def _put(self, piece: str, text: list[str], reasoning: list[str]) -> None:
        if self._inside:
            reasoning.append(piece)
        elif self._margin is None:
            text.append(piece)
        else:
            words = piece.lstrip()
            self._margin += piece[: len(piece) - len(words)]
            if words:
                text.append(words if self._reasoned else self._margin + words)
                self._margin = None


class TaggedReasoning(ReasoningForm):
    """Leaves tags in the text where they are, and puts them around what came without."""

    def __init__(self) -> None:
        self._inside = False

    def say(self, piece: str) -> Spoken:
        """The next piece of the model's text."""
        return Spoken(self._closed() + piece)

    def think(self, piece: str) -> Spoken:
        """The next piece of thinking that the provider itself keeps apart."""
        opening = "" if self._inside else f"{_OPEN}\n"
        self._inside = True
        return Spoken(opening + piece)

    def finish(self) -> Spoken:
        """The end of thinking that no answer followed."""
        return Spoken(self._closed())

    def _closed(self) -> str:
        closing = f"\n{_CLOSE}\n\n" if self._inside else ""
        self._inside = False
        return closing


def _begun(text: str, tag: str) -> int:
    """How many characters at the end of the text may be the beginning of the tag."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if text[-length:].lower() == tag[:length]:
            return length
    return 0
