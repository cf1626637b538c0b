"""The form in which stream entries lie in Redis: numbered batches, so that a loss is seen."""

import json
from collections.abc import Sequence

from dify_hex.application.workflow.ports import (
    GAP,
)
from dify_hex.application.workflow.records import (
    StreamEntry,
)

#: The one field of a Redis stream entry of ours.
FIELD = b"b"
_FORM = 1
#: `json.dumps` with options would make an encoder for each batch.
_to_json = json.JSONEncoder(separators=(",", ":")).encode


def encode_batch(
    token: int, number: int, entries: Sequence[StreamEntry], *, whole_text: bool = False
) -> str:
    """A batch as JSON; `whole_text` marks one that repeats what readers without a gap know."""
    rows = [[e.seq, e.n, e.type, e.data, e.offset] for e in entries]
    return _to_json([_FORM, token, number, int(whole_text), rows])


class BatchDecoder:
    """Turns batches back into entries, with a gap where one is missing.

    - Batches of one owner are numbered from 0 without a hole.
    - What an owner with a lower token wrote after a takeover is dropped.
    - A whole text is passed on only to fill a gap.
    """

    __slots__ = ("_is_whole", "_next", "_token")

    def __init__(self, *, token: int = -1, next_number: int = 0) -> None:
        self._token = token
        self._next = next_number
        #: Whether everything since the text's beginning, or since a whole text, was seen.
        self._is_whole = True

    def decode(self, batch: bytes) -> list[StreamEntry]:
        """The entries of the next batch."""
        form, token, number, whole_text, rows = json.loads(batch)
        if form != _FORM or token < self._token:
            return []
        if token > self._token:
            self._token, self._next = token, 0
        entries: list[StreamEntry] = []
        if number != self._next:
            self._is_whole = False
            entries.append(StreamEntry(token, 0, 0, GAP, ""))
        self._next = number + 1
        if whole_text:
            if self._is_whole:
                return entries
            self._is_whole = True
        entries += [StreamEntry(token, *row) for row in rows]
        return entries
