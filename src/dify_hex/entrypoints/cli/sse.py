"""Server-sent events out of bytes, however the network has cut them."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; `id` is the last one that the stream has named so far."""

    id: str
    type: str
    data: str


class EventParser:
    """Takes bytes and gives events, as the standard reads them.

    Lines end in CRLF, LF or CR; lines of data are joined; comments and unknown fields say nothing;
    an event without data is none; what stands unfinished at the end of the stream is dropped.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""
        self._follows_cr = False
        self._id = ""
        self._type = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """The events that these bytes complete."""
        for line in self._lines(self._decoder.decode(chunk)):
            if line:
                self._take(line)
            elif event := self._complete():
                yield event

    def _lines(self, text: str) -> list[str]:
        if not text:
            return []
        # A CR has ended its line already; an LF that belongs to it is no line of its own.
        if self._follows_cr and text.startswith("\n"):
            text = text[1:]
        self._follows_cr = text.endswith("\r")
        *lines, self._rest = _LINE_END.split(self._rest + text)
        return lines

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._type = value
            case "id" if "\0" not in value:
                self._id = value
            case _:
                pass

    def _complete(self) -> ServerEvent | None:
        kind, data = self._type or "message", self._data
        self._type, self._data = "", []
        return ServerEvent(self._id, kind, "\n".join(data)) if data else None
