"""The jailed process's only way out: frames on one socket."""

import io
import os
import time

from dify_hex.adapters.sandbox.jail.wire import HEAD_SIZE, Kind, frame, parse_head

#: The socket's number in a jailed process; beside it there is nothing open but the null device.
DESCRIPTOR = 3
_MOST = (1 << 32) - 1
#: Printed text goes out when so many bytes have come together, or a line so many seconds later.
_BATCH = 16 << 10
_PAUSE = 0.05

# Kept here, as foreign code may put others in the place of these.
_read, _write, _now = os.read, os.write, time.monotonic


class Channel:
    """Sends and receives whole frames, and waits for each."""

    def __init__(self, descriptor: int = DESCRIPTOR) -> None:
        self._descriptor = descriptor

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Send one frame."""
        data = memoryview(frame(kind, payload))
        while data:
            data = data[_write(self._descriptor, data) :]

    def receive(self) -> tuple[int, bytes]:
        """The next frame's kind and payload.

        Raises:
            EOFError: the service has gone.
        """
        kind, length = parse_head(self._exactly(HEAD_SIZE), _MOST)
        return kind, self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            piece = _read(self._descriptor, min(length - len(data), 1 << 20))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)


class Printed(io.RawIOBase):
    """Standard output or error: goes out in batches, and is forgotten beyond its limit."""

    def __init__(self, channel: Channel, kind: Kind, limit: int) -> None:
        super().__init__()
        self._channel = channel
        self._kind = kind
        self._left = limit
        self._batch = bytearray()
        self._sent = 0.0

    def writable(self) -> bool:
        """It is, and only that."""
        return True

    @property
    def name(self) -> str:
        """What it is called in tracebacks."""
        return self._kind.name.lower()

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override] # 3.11 has no name for all buffers
        """Take bytes, and send them with others."""
        view = memoryview(data).cast("B")
        self._batch += view[: self._left]
        self._left -= min(self._left, len(view))
        is_late = _now() - self._sent > _PAUSE and self._batch.endswith(b"\n")
        if is_late or len(self._batch) >= _BATCH:
            self.send()
        return len(view)

    def send(self) -> None:
        """Send what has come together."""
        if self._batch:
            self._channel.send(self._kind, bytes(self._batch))
            self._batch.clear()
        self._sent = _now()


def text_over(raw: Printed) -> io.TextIOWrapper:
    """What `print` writes to."""
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
