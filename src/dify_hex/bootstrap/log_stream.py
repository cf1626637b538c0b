"""Where log lines go: gathered for a moment, and written by a thread of their own."""

import atexit
import threading
import time
from collections import deque
from typing import TextIO

#: Seconds in which lines gather; a process that is killed loses as much.
GATHERING = 0.05
#: Lines that may wait while nobody reads; what comes then is counted and dropped.
MAX_WAITING = 50_000


class GatheredLines:
    """A stream for a log handler that never makes the event loop wait for whoever reads it.

    Writing a line at a time to a pipe costs a system call and wakes the reader each time; together
    that is a good part of what a short request costs.
    """

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._news = threading.Event()
        self._writing = threading.Lock()
        threading.Thread(target=self._write_forever, name="log-writer", daemon=True).start()
        atexit.register(self.drain)

    def write(self, line: str) -> int:
        """Take a line in; it is written soon."""
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
        else:
            self._waiting.append(line)
            if not self._news.is_set():
                self._news.set()
        return len(line)

    def flush(self) -> None:
        """Nothing: handlers flush after every line, which is what this class is there to spare."""

    def drain(self) -> None:
        """Write everything that waits, now."""
        with self._writing:
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if self._dropped:
                lines.append(f'{{"event":"log.dropped","lines":{self._dropped}}}\n')
                self._dropped = 0
            if lines:
                self._target.write("".join(lines))
                self._target.flush()

    def _write_forever(self) -> None:
        while True:
            self._news.wait()
            time.sleep(GATHERING)
            self._news.clear()
            try:
                self.drain()
            except (OSError, ValueError):
                # Whoever read the log is gone; there is nobody left to tell.
                return
