"""What one run's owner has written and Redis has not taken yet."""

import asyncio
from collections.abc import Sequence

from redis.exceptions import ResponseError

from dify_hex.adapters.redis.connection import Reply, Word
from dify_hex.adapters.redis.entry_batches import FIELD, encode_batch
from dify_hex.adapters.redis.run_tail import RunTail
from dify_hex.application.workflow.records import (
    Lease,
    StreamEntry,
)

#: About so many batches are kept; a whole text among them lets any reader begin.
MAX_BATCHES = 2000
WHOLE_TEXT_EVERY = 500
#: Milliseconds that a stream outlives its last entry, and seconds between two prolongations.
TTL_MS = 15 * 60 * 1000
PROLONG_EVERY = 60.0
#: More than this never waits: it is dropped, and the whole text follows in its place.
MAX_PENDING = 256
MAX_PENDING_CHARACTERS = 1 << 20


class RunOutbox:
    """Entries on their way to one Redis stream, and the text they add up to.

    When anything may be missing in Redis, because it was away, forgot, or was too slow, a number
    is left out, so that readers see the gap, and the whole text follows.
    """

    def __init__(self, lease: Lease, tail: RunTail) -> None:
        self.tail = tail
        self.token = lease.token
        self.is_closed = False
        #: The id that Redis gave to the last batch.
        self.last_id = b"0-0"
        #: Set while nothing waits.
        self.settled = asyncio.Event()
        self.settled.set()
        self._key = tail.events_key
        self._pending: list[StreamEntry] = []
        self._pending_characters = 0
        self._text: list[str] = []
        self._last: StreamEntry | None = None
        self._number = 0
        self._exists = False
        self._is_lost = False
        self._since_whole_text = 0
        self._prolong_at = 0.0

    @property
    def next_number(self) -> int:
        """The number that the next batch of this owner will have."""
        return self._number

    @property
    def has_news(self) -> bool:
        """Whether there is anything to send."""
        return bool(self._pending) or (self._is_lost and self._last is not None)

    def put(self, entries: Sequence[StreamEntry]) -> None:
        """Take entries in."""
        for entry in entries:
            if entry.type == "message.delta":
                self._text.append(entry.data)
            elif entry.type == "message.reset":
                self._text = [entry.data]
            self._pending_characters += len(entry.data)
        self._pending += entries
        self._last = entries[-1]
        self.settled.clear()
        if len(self._pending) > MAX_PENDING or self._pending_characters > MAX_PENDING_CHARACTERS:
            self.lose()

    def lose(self) -> None:
        """Redis may lack something: begin anew with what is true now."""
        self._is_lost = True
        self._pending.clear()
        self._pending_characters = 0

    def commands(self, now: float) -> list[tuple[Word, ...]]:
        """What to send now, as `XADD`s and perhaps a prolongation."""
        batches: list[str] = []
        if self._is_lost:
            self._number += 1
            batches.append(self._whole_batch())
            # The stream may have to be made anew, and nothing is made without an end.
            self._exists = False
            self._prolong_at = 0.0
        else:
            batches.append(encode_batch(self.token, self._number, self._pending))
            self._since_whole_text += 1
            if self._since_whole_text >= WHOLE_TEXT_EVERY and self._text:
                self._number += 1
                batches.append(self._whole_batch())
        self._number += 1
        self._is_lost = False
        self._pending = []
        self._pending_characters = 0
        commands = [self._add(batch) for batch in batches]
        if now >= self._prolong_at:
            self._prolong_at = now + PROLONG_EVERY
            commands.append(("PEXPIRE", self._key, TTL_MS))
        return commands

    def conclude(self, replies: Sequence[Reply]) -> None:
        """Take note of what Redis has answered to `commands`."""
        if any(reply is None or isinstance(reply, ResponseError) for reply in replies):
            # No such stream any more, or one that cannot be written.
            self.lose()
        else:
            self._exists = True
            self.last_id = [reply for reply in replies if isinstance(reply, bytes)][-1]
        if not self.has_news:
            self.settled.set()

    def _add(self, batch: str) -> tuple[Word, ...]:
        # A stream that exists is never made anew by accident: its loss has to be seen.
        no_stream = ("NOMKSTREAM",) if self._exists else ()
        return ("XADD", self._key, *no_stream, "MAXLEN", "~", MAX_BATCHES, "*", FIELD, batch)

    def whole_text(self) -> Sequence[StreamEntry]:
        """The text as it stands after the last entry, for those who missed its beginning."""
        last = self._last
        if last is None or not self._text:
            return ()
        text = "".join(self._text)
        self._text = [text]
        return (StreamEntry(self.token, last.seq, last.n, "message.reset", text, 0),)

    def _whole_batch(self) -> str:
        self._since_whole_text = 0
        # A run without a text still says how far it has come.
        entries = self.whole_text() or [entry for entry in (self._last,) if entry]
        return encode_batch(self.token, self._number, entries, whole_text=True)
