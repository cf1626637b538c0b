"""Text with `{{#node.name#}}` references, as graphs use it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from dify_hex.domain.workflow.variables.selector import Selector

#: The same texts are split in every run; those up to this length are remembered, so many of them.
_SHORT = 1_000
_REMEMBERED = 4_096
_REFERENCE = re.compile(r"\{\{#([^{}#]*)#\}\}")

#: A stretch of fixed text, or the place of a value.
Segment = str | Selector


@dataclass(frozen=True, slots=True)
class Template:
    """A sequence of fixed text and references; text that only looks like a reference is text."""

    segments: tuple[Segment, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Split the text at its references."""
        return cls(_short_segments(text) if len(text) <= _SHORT else _segments(text))

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The references, in order of appearance."""
        return tuple(segment for segment in self.segments if isinstance(segment, Selector))


def _segments(text: str) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    position = 0
    for match in _REFERENCE.finditer(text):
        selector = Selector.parse(match.group(1).strip())
        if selector is None:
            continue
        if match.start() > position:
            segments.append(text[position : match.start()])
        segments.append(selector)
        position = match.end()
    if position < len(text):
        segments.append(text[position:])
    return tuple(segments)


_short_segments = lru_cache(maxsize=_REMEMBERED)(_segments)
