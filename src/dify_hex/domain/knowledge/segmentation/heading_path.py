"""The headings that a text stands under."""

from dataclasses import dataclass

#: Longer ones are text that looks like a heading.
MAX_HEADING_LENGTH = 300
_DEEPEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading in its document."""

    level: int
    text: str
    page: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneHeading:
    """A heading with nothing under it, not even another heading, and those above it."""

    text: str
    above: tuple[str, ...]
    page: int | None


class HeadingPath:
    """One heading of each level, the outermost first; levels may be left out."""

    def __init__(self) -> None:
        self._path: list[Heading] = []
        self._stands_alone = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The path."""
        return tuple(heading.text for heading in self._path)

    def has_text(self) -> None:
        """Something stands under the innermost heading."""
        self._stands_alone = False

    def enter(self, level: int, text: str, page: int | None) -> LoneHeading | None:
        """Go on under another heading; gives the one that would be forgotten by it."""
        level = min(max(level, 1), _DEEPEST)
        lost = self.alone() if self._path and self._path[-1].level >= level else None
        while self._path and self._path[-1].level >= level:
            self._path.pop()
        self._path.append(Heading(level=level, text=text, page=page))
        self._stands_alone = True
        return lost

    def alone(self) -> LoneHeading | None:
        """The innermost heading, when nothing stands under it."""
        if not self._stands_alone:
            return None
        *above, last = self._path
        return LoneHeading(
            text=last.text, above=tuple(heading.text for heading in above), page=last.page
        )
