"""What a server has answered, as an http-request node puts it out."""

import codecs
from collections.abc import Iterable
from email.message import Message
from urllib.parse import unquote, urlsplit

from dify_hex.domain.workflow.variables.storable import storable_text

#: Types beside `text/…` that are written in characters.
_TEXTUAL = frozenset(
    {
        *("application/json", "application/xml", "application/javascript", "application/yaml"),
        *("application/ecmascript", "application/graphql", "application/sql", "application/x-yaml"),
        *("application/x-www-form-urlencoded", "application/x-ndjson", "application/jsonl"),
        *("application/x-javascript", "application/toml", "application/x-sh"),
    }
)
_TEXTUAL_FAMILIES = frozenset({"text", "multipart", "message"})
_TEXTUAL_ENDINGS = ("+json", "+xml", "+yaml")
#: Encodings of texts; others that exist may take for ever, or are none.
_ENCODINGS = ("ascii", "big5", "cp", "euc", "gb", "iso8859", "koi8", "mac", "shift_jis", "utf")
_USUAL = "utf-8"
_NAMELESS = "file"


class AnswerHead:
    """The headers of an answer, read as its server may have meant them."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        self._headers = tuple(headers)
        self._message = Message()
        for name, value in self._headers:
            if name.lower() in {"content-type", "content-disposition"}:
                self._message[name] = " ".join(value.split())

    @property
    def values(self) -> dict[str, str]:
        """The headers by their names in small letters; several of one name are joined."""
        found: dict[str, list[str]] = {}
        for name, value in self._headers:
            found.setdefault(storable_text(name.lower()), []).append(storable_text(value))
        return {name: ", ".join(values) for name, values in found.items()}

    @property
    def is_file(self) -> bool:
        """Whether the body is to be kept as a file rather than read as a text."""
        if self._message.get_content_disposition() == "attachment" or self._given_name:
            return True
        if "content-type" not in self._message:
            return False
        main, kind = self._message.get_content_maintype(), self._message.get_content_type()
        is_text = main in _TEXTUAL_FAMILIES or kind in _TEXTUAL
        return not is_text and not (main == "application" and kind.endswith(_TEXTUAL_ENDINGS))

    def file_name(self, url: str) -> str:
        """What the file is called: by its server, or else as the address ends."""
        name = self._given_name or unquote(urlsplit(url).path)
        return name.replace("\\", "/").rpartition("/")[2] or _NAMELESS

    def text(self, body: bytes) -> str:
        """The body in characters; whatever is none in its encoding is replaced."""
        try:
            encoding = codecs.lookup(self._message.get_content_charset(_USUAL)).name
        except (LookupError, ValueError):
            # No such encoding, or nothing that could be the name of one.
            encoding = _USUAL
        if not encoding.startswith(_ENCODINGS):
            encoding = _USUAL
        return storable_text(body.decode(encoding, "replace"))

    @property
    def _given_name(self) -> str:
        return self._message.get_filename("")
