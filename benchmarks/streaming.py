"""Reads event streams as they come, at next to no cost: counts and moments."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

#: An event's type on its line; the data is looked at only where it has to be.
_EVENT = re.compile(rb"event: ?([a-z.]+)\r?\n")
#: The scripted model says `t0 t1 t2 …`; several of them may travel in one delta.
_DELTA_TEXT = re.compile(rb'data: \{"text":"([^"]*)"')
_DONE = b"done"
_DELTA = b"message.delta"
_ERROR = b"error"


@dataclass(slots=True)
class StreamReading:
    """What one reader has been given; moments by `perf_counter`."""

    began: float = field(default_factory=time.perf_counter)
    first_delta: float | None = None
    deltas: int = 0
    tokens: int = 0
    events: int = 0
    is_done: bool = False
    has_failed: bool = False
    _rest: bytes = b""

    def take(self, chunk: bytes) -> None:
        """Take some of the stream's bytes."""
        # An event goes out in one piece; what a network cuts nevertheless is too little to count.
        self.tokens += sum(text.count(b" ") for text in _DELTA_TEXT.findall(chunk))
        text = self._rest + chunk
        end = 0
        for found in _EVENT.finditer(text):
            end = found.end()
            self._event(found[1])
        # What may be the beginning of an event waits for the rest of it.
        self._rest = text[max(end, len(text) - 256) :]

    @property
    def seconds_to_first_delta(self) -> float:
        """Not a number when none came."""
        return float("nan") if self.first_delta is None else self.first_delta - self.began

    def _event(self, kind: bytes) -> None:
        if kind == _DONE:
            self.is_done = True
            return
        if kind == _ERROR:
            self.has_failed = True
            return
        self.events += 1
        if kind == _DELTA:
            self.deltas += 1
            if self.first_delta is None:
                self.first_delta = time.perf_counter()


def first_deltas(readings: Sequence[StreamReading]) -> list[float]:
    """Seconds to the first token of those that have one."""
    return [reading.seconds_to_first_delta for reading in readings if reading.deltas]
