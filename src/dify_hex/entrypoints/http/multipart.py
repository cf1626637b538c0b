"""Forms with a file in them, read as they come: no part is ever held whole."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from dify_hex.entrypoints.http.problems import MalformedForm, MediaTypeNotSupported

FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Part:
    """How a part announces itself; only files have a `filename`."""

    name: str
    filename: str | None
    media_type: str | None


class _Mark:
    """A place between parts."""


_PART_END, _FORM_END = _Mark(), _Mark()


class MultipartForm:
    """The parts of a request's body, one after the other.

    Every method raises `MalformedForm` when the body is not what it says it is.
    """

    def __init__(self, body: AsyncIterator[bytes], boundary: bytes) -> None:
        self._body = body
        self._events: deque[Part | bytes | _Mark] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": lambda: self._events.append(_PART_END),
                    "on_end": lambda: self._events.append(_FORM_END),
                },
            )
        except FormParserError:
            raise MalformedForm from None

    @classmethod
    def of(cls, request: Request) -> Self:
        """The form that a request carries.

        Raises:
            MediaTypeNotSupported: it carries something else.
            MalformedForm: it does not say where its parts end.
        """
        kind, options = parse_options_header(request.headers.get("content-type"))
        if kind.decode("latin-1") != FORM:
            raise MediaTypeNotSupported(expected=FORM)
        boundary = options.get(b"boundary")
        if not boundary:
            raise MalformedForm
        return cls(request.stream(), boundary)

    async def next_part(self) -> Part | None:
        """The next part; what is left of the one before is passed over. None at the end."""
        while True:
            event = await self._next()
            if isinstance(event, Part):
                return event
            if event is _FORM_END:
                return None

    async def content(self) -> AsyncIterator[bytes]:
        """The bytes of the part that was given last."""
        while True:
            event = await self._next()
            if not isinstance(event, bytes):
                return
            yield event

    async def text(self, *, max_bytes: int) -> str:
        """The part that was given last, as a short text."""
        found = bytearray()
        async for piece in self.content():
            found += piece
            if len(found) > max_bytes:
                raise MalformedForm(longest_field_bytes=max_bytes)
        return _decoded(bytes(found))

    async def _next(self) -> Part | bytes | _Mark:
        while not self._events:
            piece = await anext(self._body, None)
            if piece is None:
                raise MalformedForm
            try:
                self._parser.write(piece)
            except FormParserError:
                raise MalformedForm from None
        return self._events.popleft()

    def _on_part_begin(self) -> None:
        self._headers.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise MalformedForm
        filename = options.get(b"filename")
        media_type = self._headers.get(b"content-type")
        self._events.append(
            Part(
                name=_decoded(options[b"name"]),
                filename=None if filename is None else _decoded(filename),
                media_type=None if media_type is None else media_type.decode("latin-1"),
            )
        )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])


def _decoded(text: bytes) -> str:
    # No text of ours can hold a NUL.
    if b"\0" in text:
        raise MalformedForm
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise MalformedForm from None
