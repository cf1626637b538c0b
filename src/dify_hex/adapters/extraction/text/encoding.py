"""Finds out how a text is encoded, from all of its bytes and a bounded sample of them."""

import codecs
import re

from dify_hex.adapters.extraction.formats import looks_like_utf_16

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Those that texts of today still come in. With all others tried as well, short texts would be
#: taken for one that nobody has used in decades.
CANDIDATES = (
    "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1252", "cp1251", "koi8_r", "cp1250", "cp1253",
    "cp1254",
)  # fmt: skip
#: What any bytes can be read as.
_LAST_RESORT = "cp1252"
_SAMPLE = 64 << 10
#: One damaged character in so many others leaves a text UTF-8.
_DAMAGED = 100
#: Bytes of so few characters that they could be anything; and the commonest signs of GB 2312.
_FEW = 40
_IN_COMMON_CHINESE = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xa3\xb0-\xd7][\xa1-\xfe])*")


class EncodingDetector:
    """Is fed all pieces of a file, and then says how it is encoded.

    What is UTF-8 from the first byte to the last is UTF-8. Of all else, the lines that are not
    ASCII are compared with how languages are written.
    """

    def __init__(self) -> None:
        self._utf_8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf_8 = True
        self._head = b""
        self._sample = bytearray()

    def feed(self, piece: bytes) -> None:
        """Look at the next piece."""
        if len(self._head) < 4096:
            self._head += piece[:4096]
        if self._is_utf_8:
            try:
                self._utf_8.decode(piece)
            except UnicodeDecodeError:
                self._is_utf_8 = False
        if len(self._sample) < _SAMPLE and not piece.isascii():
            for line in piece.splitlines(keepends=True):
                if not line.isascii():
                    self._sample += line[: _SAMPLE - len(self._sample)]

    def encoding(self) -> str:
        """A name that `codecs` knows; bytes that do not fit it are to be replaced."""
        for mark, name in _MARKS:
            if self._head.startswith(mark):
                return name
        if looks_like_utf_16(self._head):
            return "utf-16-le" if self._head[1::2].count(0) else "utf-16-be"
        if self._is_utf_8:
            return "utf-8"
        return _encoding_of(bytes(self._sample))


def decoded(content: bytes, declared: str = "") -> str:
    """A whole text; `declared` is what it says of itself, believed where it fits."""
    detector = EncodingDetector()
    detector.feed(content)
    encoding = detector.encoding()
    if declared and not encoding.startswith("utf"):
        try:
            return content.decode(declared)
        except (LookupError, UnicodeDecodeError, ValueError):
            pass
    return content.decode(encoding, "replace")


def _encoding_of(sample: bytes) -> str:
    if len(sample) <= _FEW and _IN_COMMON_CHINESE.fullmatch(sample):
        # Statistics say nothing of a few characters.
        return "gb18030"
    # Most processes never meet such a text, and its tables take some megabytes.
    from charset_normalizer import from_bytes  # noqa: PLC0415 - see above

    text = sample.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if damaged * _DAMAGED <= sum(character > "\x7f" for character in text) - damaged:
        return "utf-8"
    # Where the sample was cut, half a character may be left at its end.
    for cut in range(min(4, len(sample))):
        best = from_bytes(sample[: len(sample) - cut], cp_isolation=list(CANDIDATES)).best()
        if best is not None:
            return best.encoding
    return _LAST_RESORT
