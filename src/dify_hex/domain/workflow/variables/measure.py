"""How big values are, and how big they may be."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dify_hex.domain.shared.values.json_value import JsonValue

#: What one node may put out, in values and characters, and how deep its values may nest.
MAX_OUTCOME = 10_000_000
MAX_DEPTH = 100
#: Characters of one text that is put together from values.
MAX_TEXT = 1_000_000
_NUMBERS = (int, float)


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
    size, depth = 0, 0
    level: Sequence[JsonValue] = (value,)
    while True:
        inner: list[JsonValue] = []
        for current in level:
            size += 1
            if isinstance(current, str):
                size += len(current)
            elif current is None or isinstance(current, _NUMBERS):
                continue
            elif isinstance(current, (dict, Mapping)):
                size += sum(map(len, current))
                inner += current.values()
            else:
                inner += current
        if not inner or size > MAX_OUTCOME or depth > MAX_DEPTH:
            return Measure(size, depth)
        level, depth = inner, depth + 1
