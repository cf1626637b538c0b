"""What segments are put together from: a block, or a part of one that was too large."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dify_hex.domain.knowledge.block import BlockKind

#: The tokens of a text. Of two texts put together there are at most as many as of both.
Measure = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A text that is not cut any further, `tokens` long.

    `continues` says that it follows the unit before it without anything between them;
    `repeats` that its text has been in the segment before.
    """

    text: str
    kind: BlockKind
    tokens: int
    page: int | None = None
    continues: bool = False
    repeats: bool = False


#: What a joint of two units adds at most.
JOINT_TOKENS = 1


def _joint(before: Unit, after: Unit) -> str:
    """What stands between two units: nothing, a line's end, or an empty line."""
    if after.continues:
        return ""
    both_items = before.kind is BlockKind.LIST and after.kind is BlockKind.LIST
    return "\n" if both_items else "\n\n"


def concatenated(units: Sequence[Unit]) -> str:
    """Their text with what stands between them."""
    parts: list[str] = []
    before: Unit | None = None
    for unit in units:
        if before is not None:
            parts.append(_joint(before, unit))
        parts.append(unit.text)
        before = unit
    return "".join(parts)
