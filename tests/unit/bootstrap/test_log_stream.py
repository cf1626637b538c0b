"""Log lines are gathered, written in order, and bounded while nobody reads."""

import io
import threading
import time

from dify_hex.bootstrap import log_stream
from dify_hex.bootstrap.log_stream import GatheredLines


class Reader(io.StringIO):
    """Counts how often it was written to; may be slow to take anything."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.ready = threading.Event()
        self.ready.set()

    def write(self, text: str) -> int:
        self.ready.wait()
        self.writes += 1
        return super().write(text)


def test_lines_arrive_in_order_and_together() -> None:
    reader = Reader()
    lines = GatheredLines(reader)
    for number in range(100):
        lines.write(f"{number}\n")

    lines.drain()

    assert reader.getvalue().split() == [str(number) for number in range(100)]
    assert reader.writes <= 2


def test_lines_are_written_without_being_asked() -> None:
    reader = Reader()
    GatheredLines(reader).write("hello\n")

    deadline = time.monotonic() + 5
    while not reader.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)

    assert reader.getvalue() == "hello\n"


def test_a_reader_that_takes_nothing_neither_blocks_nor_fills_memory() -> None:
    reader = Reader()
    reader.ready.clear()
    lines = GatheredLines(reader)

    # The writer may have taken one load along before it got stuck.
    for _ in range(2 * log_stream.MAX_WAITING + 500):
        lines.write("x\n")
    reader.ready.set()
    lines.drain()

    assert '"event":"log.dropped"' in reader.getvalue()
    assert reader.getvalue().count("x\n") >= log_stream.MAX_WAITING
