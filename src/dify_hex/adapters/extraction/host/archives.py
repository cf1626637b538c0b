"""Looks at what is packed into a file before any of it is unpacked."""

import io
import zipfile
from contextlib import suppress
from xml.parsers import expat

from dify_hex.adapters.extraction.host.refusal import Refusal
from dify_hex.domain.knowledge.reading_errors import UnreadableReason

#: Bytes that all parts may take unpacked, how many of them there may be, and how much smaller than
#: its content a packed file may be: text packs to a tenth, a bomb to a thousandth.
MOST_UNPACKED_BYTES = 512 << 20
_MOST_PARTS = 20_000
_MOST_RATIO = 150
#: Below this size a ratio says nothing.
_SMALL = 8 << 20
_NESTED = (".zip", ".docx", ".xlsx", ".pptx", ".jar", ".7z", ".gz", ".rar", ".epub", ".odt")
#: Documents may have others embedded; what reads them unpacks those too.
_MOST_NESTED = 32
_ENCRYPTED_FLAG = 1
_MANIFEST = "META-INF/manifest.xml"
_RIGHTS = "META-INF/rights.xml"
#: Entities are declared before the first element.
_HEAD = 64 << 10
_MARKUP = (".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx")


class Archive:
    """A packed document whose directory promises nothing out of proportion."""

    def __init__(self, content: bytes) -> None:
        """Read the directory, and the beginnings of the parts.

        Raises:
            Refusal: there is none, it promises too much, or its parts are encrypted.
        """
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise Refusal(UnreadableReason.BROKEN) from None
        self.names = frozenset(self._zip.namelist())
        self._check(len(content))
        self._check_entities()

    def read(self, name: str, *, most: int = 64 << 20) -> bytes:
        """One part, unpacked; never more of it than the directory has promised.

        Raises:
            Refusal: it is not there, damaged, or too large.
        """
        try:
            with self._zip.open(name) as part:
                data = part.read(most + 1)
        except Exception as error:
            # Whatever the decompressor makes of it.
            raise Refusal(UnreadableReason.BROKEN) from error
        if len(data) > most:
            raise Refusal(UnreadableReason.EXPANDS)
        return data

    def media_type(self) -> str:
        """Which document it is.

        Raises:
            Refusal: none that is read here, or one that is encrypted.
        """
        if "word/document.xml" in self.names:
            return "docx"
        if "ppt/presentation.xml" in self.names:
            return "pptx"
        if "xl/workbook.xml" in self.names:
            return "xlsx"
        declared = self.read("mimetype", most=200) if "mimetype" in self.names else b""
        if declared.startswith(b"application/vnd.oasis.opendocument.text"):
            self._check_manifest()
            return "odt"
        if declared.startswith(b"application/epub+zip"):
            if _RIGHTS in self.names:
                raise Refusal(UnreadableReason.ENCRYPTED)
            return "epub"
        raise Refusal(UnreadableReason.UNSUPPORTED)

    def is_deep(self, most: int) -> bool:
        """Whether more elements of a part than `most` stand inside of each other."""
        return any(
            _depth(self.read(name)) > most for name in self.names if name.lower().endswith(_MARKUP)
        )

    def _check(self, size: int) -> None:
        parts = self._zip.infolist()
        unpacked = sum(part.file_size for part in parts)
        nested = sum(part.filename.lower().endswith(_NESTED) for part in parts)
        # Parts that overlap promise together more than the file could hold.
        packed = sum(part.compress_size for part in parts)
        if (
            len(parts) > _MOST_PARTS
            or nested > _MOST_NESTED
            or unpacked > MOST_UNPACKED_BYTES
            or (unpacked > _SMALL and unpacked > _MOST_RATIO * size)
            or packed > size
        ):
            raise Refusal(UnreadableReason.EXPANDS)
        if any(part.flag_bits & _ENCRYPTED_FLAG for part in parts):
            raise Refusal(UnreadableReason.ENCRYPTED)

    def _check_entities(self) -> None:
        """No program that writes documents declares any; who does wants them to grow."""
        for name in self.names:
            if name.lower().endswith(_MARKUP) and b"<!ENTITY" in self._head(name):
                raise Refusal(UnreadableReason.EXPANDS)

    def _head(self, name: str) -> bytes:
        try:
            with self._zip.open(name) as part:
                return part.read(_HEAD)
        except Exception as error:
            # Whatever the decompressor makes of it.
            raise Refusal(UnreadableReason.BROKEN) from error

    def _check_manifest(self) -> None:
        if _MANIFEST in self.names and b"encryption-data" in self.read(_MANIFEST):
            raise Refusal(UnreadableReason.ENCRYPTED)


def _depth(markup: bytes) -> int:
    depth = deepest = 0

    def begin(_name: str, _attributes: object) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(depth, deepest)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    with suppress(expat.ExpatError):
        parser.Parse(markup, True)
    return deepest
