"""Where a text may be cut: at separators, and at the ends of sentences in East and West."""

import re
from collections.abc import Callable, Iterator, Sequence

#: Cuts a text into two pieces or more, none lost, or gives it back as it is.
Cut = Callable[[str], list[str]]

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
#: Quotation marks and brackets that close belong to the sentence; runs are bounded, as their search
#: would take quadratic time otherwise.
_SENTENCE = re.compile(
    r"[.!?…]{1,8}[\"'”’)\]]{0,4}\s+|[。！？；…]{1,8}[”’」』）】》]{0,4}|\n", re.UNICODE
)
_CLAUSE = re.compile(r"[,;:]\s+|[，、：]")
_WORD = re.compile(r"\s+")


def cuts(separators: Sequence[str]) -> tuple[Cut, ...]:
    """Ways to cut prose, the coarsest first: the given separators, then what holds for any text."""
    return (*map(_at_separator, separators), *_IN_ANY_TEXT)


def cuts_of_code() -> tuple[Cut, ...]:
    """Ways to cut source code: where it has empty lines, at lines, at spaces."""
    return (_at(_PARAGRAPH), _at_separator("\n"), _at(_WORD))


def sentence_starts(text: str) -> Iterator[int]:
    """Where a sentence begins after another one, as offsets; the first one's begin is none."""
    for match in _SENTENCE.finditer(text):
        if match.end() < len(text):
            yield match.end()


def _at_separator(separator: str) -> Cut:
    def cut(text: str) -> list[str]:
        parts = text.split(separator)
        last = parts.pop()
        pieces = [part + separator for part in parts]
        return [*pieces, last] if last else pieces

    return cut


def _at(border: "re.Pattern[str]") -> Cut:
    def cut(text: str) -> list[str]:
        pieces: list[str] = []
        start = 0
        for match in border.finditer(text):
            pieces.append(text[start : match.end()])
            start = match.end()
        if start < len(text):
            pieces.append(text[start:])
        return pieces

    return cut


_IN_ANY_TEXT: tuple[Cut, ...] = (
    _at(_PARAGRAPH),
    _at_separator("\n"),
    _at(_SENTENCE),
    _at(_CLAUSE),
    _at(_WORD),
)
