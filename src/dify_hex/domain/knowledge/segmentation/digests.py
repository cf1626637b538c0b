"""Knows segments again by their content, in little memory."""

from array import array
from collections.abc import Sequence
from hashlib import sha256

_SMALLEST_TABLE = 1 << 10
#: Full to two thirds, a search takes two or three looks.
_FULLNESS = 2 / 3


def content_hash(content: str, headings: Sequence[str]) -> bytes:
    """The SHA-256 that a segment is known by.

    It is taken of the UTF-8 of every heading followed by U+001F, the outermost first, then U+001E,
    then the content. Neither character is in a text that was cleaned, so that no two different
    segments are written alike.
    """
    path = "".join(f"{heading}\x1f" for heading in headings)
    return sha256(f"{path}\x1e{content}".encode()).digest()


class DigestCounts:
    """How often each hash has been seen.

    It keeps eight bytes of each in an open hash table, some twelve to twenty-four bytes a segment.
    Where two hashes share them, the second one counts as seen: its number is a higher one than it
    would have to be, and still the same each time.
    """

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * _SMALLEST_TABLE))
        self._filled = 0
        self._repeated: dict[int, int] = {}

    def seen(self, digest: bytes) -> int:
        """How often it was seen before; from now on once more."""
        # An empty place is 0.
        key = int.from_bytes(digest[:8], "big") or 1
        table = self._table
        place = _place_of(key, table)
        if table[place] == key:
            times = self._repeated.get(key, 0) + 1
            self._repeated[key] = times
            return times
        table[place] = key
        self._filled += 1
        if self._filled > len(table) * _FULLNESS:
            self._grow()
        return 0

    def _grow(self) -> None:
        table = array("Q", bytes(16 * len(self._table)))
        for key in self._table:
            if key:
                table[_place_of(key, table)] = key
        self._table = table


def _place_of(key: int, table: "array[int]") -> int:
    mask = len(table) - 1
    place = key & mask
    while table[place] not in {0, key}:
        place = (place + 1) & mask
    return place
