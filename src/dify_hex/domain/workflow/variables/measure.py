"""How big values are, and how big they may be."""

from collections.abc import Mapping
from typing import NamedTuple

from dify_hex.domain.shared.values.json_value import JsonValue

#: What one node may put out, in values and characters, and how deep its values may nest.
MAX_OUTCOME = 10_000_000
MAX_DEPTH = 100
#: Characters of one text that is put together from values.
MAX_TEXT = 1_000_000


class Measure(NamedTuple):
    """Values and characters together, and how deep values stand in each other."""

    size: int
    depth: int

    @property
    def is_too_much(self) -> bool:
        """Whether no node may put this out."""
        return self.size > MAX_OUTCOME or self.depth > MAX_DEPTH


def measure(value: JsonValue) -> Measure:
    """The size of a value; looks no further once it is too much."""
    size, deepest = 0, 0
    pending: list[tuple[JsonValue, int]] = [(value, 0)]
    while pending and size <= MAX_OUTCOME and deepest <= MAX_DEPTH:
        current, depth = pending.pop()
        size += 1
        deepest = max(deepest, depth)
        if isinstance(current, str):
            size += len(current)
        elif isinstance(current, Mapping):
            size += sum(map(len, current))
            pending.extend((each, depth + 1) for each in current.values())
        elif isinstance(current, list | tuple):
            pending.extend((each, depth + 1) for each in current)
    return Measure(size, deepest)
