"""Takes the data out of server-sent events, however the network cut them."""

from collections.abc import Iterator

#: An event longer than this is no token of a model.
MAX_EVENT_BYTES = 1 << 20


class EventTooLong(ValueError):
    """A line or an event goes on beyond every reason."""


class EventDataReader:
    """Feed it bytes, take the `data` of each event that they complete.

    Lines end in LF or CRLF. Comments and other fields are passed over; several `data` lines of one
    event belong together.
    """

    def __init__(self) -> None:
        #: The line that is not complete yet; grows in place, however small its pieces are.
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, received: bytes) -> Iterator[bytes]:
        """The data of every event that is complete now.

        Raises:
            EventTooLong: an event exceeds `MAX_EVENT_BYTES`.
        """
        end = received.rfind(b"\n")
        if end < 0:
            self._keep(received)
            return
        complete = bytes(self._rest) + received[:end] if self._rest else received[:end]
        self._rest.clear()
        self._keep(received[end + 1 :])
        for raw in complete.split(b"\n"):
            line = raw.removesuffix(b"\r")
            if line.startswith(b"data:"):
                self._add(line[6:] if line[5:6] == b" " else line[5:])
            elif not line and self._data:
                yield self._take()

    def finish(self) -> Iterator[bytes]:
        """The data of a last event whose blank line never came."""
        yield from self.feed(b"\n\n")

    def _keep(self, received: bytes) -> None:
        self._rest += received
        if len(self._rest) > MAX_EVENT_BYTES:
            raise EventTooLong

    def _add(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MAX_EVENT_BYTES:
            raise EventTooLong
        self._data.append(data)

    def _take(self) -> bytes:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data.clear()
        self._size = 0
        return data
