"""Cuts what is too large for a segment, at the coarsest border that is fine enough."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from unicodedata import combining

from dify_hex.domain.knowledge.block import BlockKind
from dify_hex.domain.knowledge.segmentation.borders import Cut, cuts, cuts_of_code
from dify_hex.domain.knowledge.segmentation.tables import parts_of_table
from dify_hex.domain.knowledge.segmentation.unit import Measure, Unit

#: Pieces are put together again up to this share of the limit, so that segments fill well.
_GRAIN = 4
#: More characters than this many per token are not looked at for one piece.
_CHARACTERS_PER_TOKEN = 16
#: Characters that belong to the one before them, beside combining marks.
_JOINED_ON = frozenset("\u200d\ufe0e\ufe0f")

#: A text and its tokens.
Piece = tuple[str, int]


class Splitter:
    """Makes units fit."""

    def __init__(self, separators: Sequence[str], measure: Measure) -> None:
        self._measure = measure
        self._cuts = cuts(separators)
        self._cuts_of_code = cuts_of_code()

    def fit(self, unit: Unit, limit: int) -> Iterator[Unit]:
        """The unit itself, or parts of it, none with more tokens than the limit."""
        if unit.tokens <= limit:
            yield unit
            return
        if unit.kind is BlockKind.TABLE:
            parts = parts_of_table(unit.text, limit, self._measure)
            if parts is not None:
                yield from self._fit_parts(unit, parts, limit)
                return
        ways = self._cuts_of_code if unit.kind is BlockKind.CODE else self._cuts
        continues = unit.continues
        for text, tokens in self._pieces(unit.text, limit, ways):
            yield replace(unit, text=text, tokens=tokens, continues=continues)
            continues = True

    def _fit_parts(self, table: Unit, parts: Iterator[Piece], limit: int) -> Iterator[Unit]:
        for text, tokens in parts:
            if tokens <= limit:
                yield replace(table, text=text, tokens=tokens, continues=False)
                continue
            continues = False
            for piece, count in self._pieces(text, limit, self._cuts):
                yield replace(table, text=piece, tokens=count, continues=continues)
                continues = True

    def _pieces(self, text: str, limit: int, ways: Sequence[Cut]) -> Iterator[Piece]:
        for depth, cut in enumerate(ways):
            pieces = cut(text)
            if len(pieces) > 1:
                yield from self._regrouped(pieces, limit, ways[depth + 1 :])
                return
        yield from self.anywhere(text, limit)

    def _regrouped(self, pieces: list[str], limit: int, ways: Sequence[Cut]) -> Iterator[Piece]:
        grain = max(1, limit // _GRAIN)
        group: list[str] = []
        group_tokens = 0
        for piece in pieces:
            tokens = self._measure(piece)
            if group and group_tokens + tokens > grain:
                yield "".join(group), group_tokens
                group, group_tokens = [], 0
            if tokens > limit:
                yield from self._pieces(piece, limit, ways)
                continue
            group.append(piece)
            group_tokens += tokens
        if group:
            yield "".join(group), group_tokens

    def anywhere(self, text: str, limit: int) -> Iterator[Piece]:
        """Pieces that were measured one by one: cut between two characters, at no border."""
        start = 0
        while start < len(text):
            piece = text[start : start + limit * _CHARACTERS_PER_TOKEN]
            tokens = self._measure(piece)
            while tokens > limit and len(piece) > 1:
                piece = _whole(piece, max(1, min(len(piece) - 1, len(piece) * limit // tokens)))
                tokens = self._measure(piece)
            yield piece, tokens
            start += len(piece)


def _whole(text: str, end: int) -> str:
    """The text up to about there, with no character parted from its marks."""
    for nearby in range(end, max(0, end - 8), -1):
        if not combining(text[nearby]) and text[nearby] not in _JOINED_ON:
            return text[:nearby]
    return text[:end]
