"""Units on their way into one segment."""

from collections.abc import Iterable, Iterator

from dify_hex.domain.knowledge.block import BlockKind
from dify_hex.domain.knowledge.segmentation.unit import JOINT_TOKENS, Unit, concatenated


class Pack:
    """A run of units that fit into a limit together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._units: list[Unit] = []
        self._tokens = 0

    @property
    def units(self) -> tuple[Unit, ...]:
        """What is in it, in order."""
        return tuple(self._units)

    @property
    def has_nothing_new(self) -> bool:
        """Whether it holds nothing but white space and what has been in the pack before it."""
        return all(unit.repeats or unit.text.isspace() for unit in self._units)

    def takes(self, unit: Unit) -> bool:
        """Whether there is room for it."""
        joint = JOINT_TOKENS if self._units and not unit.continues else 0
        return self._tokens + joint + unit.tokens <= self._limit

    def add(self, unit: Unit) -> None:
        """Put it at the end."""
        joint = JOINT_TOKENS if self._units and not unit.continues else 0
        self._units.append(unit)
        self._tokens += joint + unit.tokens

    def content(self) -> str:
        """Its text, with no white space around it; code keeps the indentation of its first line."""
        text = concatenated(self._units)
        if self._units and self._units[0].kind is BlockKind.CODE:
            return text.strip("\n").rstrip()
        return text.strip()

    def pages(self) -> tuple[int | None, int | None]:
        """The first and the last page of what is new in it."""
        pages = [unit.page for unit in self._units if unit.page is not None and not unit.repeats]
        return (min(pages), max(pages)) if pages else (None, None)


def packed(units: Iterable[Unit], limit: int) -> Iterator[Pack]:
    """As few packs as hold them all, in order; each unit fits into one."""
    pack = Pack(limit)
    for unit in units:
        if not pack.takes(unit):
            yield pack
            pack = Pack(limit)
        pack.add(unit)
    if pack.units:
        yield pack
