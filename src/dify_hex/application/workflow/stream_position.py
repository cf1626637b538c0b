"""Where a reader stands in a run's event stream, and how much of it the reader wants to see."""

import re
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.application.workflow.records import (
    StreamEntry,
)

#: Owners number what they write after a journalled event from 1; each later owner begins this much
#: higher, so that the same position never means two texts.
_OWNER_STRIDE = 1_000_000
_TEXT = re.compile(r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})", re.ASCII)


class StreamDetail(StrEnum):
    """Which events of a run are shown."""

    #: Of the run and of its message.
    MESSAGES = "messages"
    #: Those of its nodes too.
    NODES = "nodes"


@dataclass(frozen=True, slots=True, order=True)
class StreamPosition:
    """The last journalled event, and a count of what came after it; what readers know as `id`."""

    seq: int
    n: int

    @classmethod
    def parse(cls, text: str) -> "StreamPosition":
        """The position that `str` wrote.

        Raises:
            ValueError: the text is not one.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(text)
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, entry: StreamEntry) -> "StreamPosition":
        """Where an entry stands; no two owners of a run share a position that is not journalled."""
        if entry.n == 0 or entry.token <= 1:
            return cls(entry.seq, entry.n)
        return cls(entry.seq, entry.n + (entry.token - 1) * _OWNER_STRIDE)

    def follows(self, other: "StreamPosition") -> bool:
        """Whether nothing at all can lie between the two."""
        return self.seq == other.seq and self.n == other.n + 1

    def __str__(self) -> str:
        return f"{self.seq}.{self.n}"


BEGINNING = StreamPosition(0, 0)
