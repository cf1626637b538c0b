"""Tells what a file is from its first bytes, whatever it is called."""

import re
from collections.abc import Callable

#: Bytes that are enough to tell.
HEAD_BYTES = 4096

BINARY = "application/octet-stream"
TEXT = "text/plain"
HTML = "text/html"
XML = "text/xml"
SVG = "image/svg+xml"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
PROGRAM = "application/x-executable"
#: What is written in characters; the first bytes alone do not always tell which of them it is.
TEXTUAL = frozenset({TEXT, HTML, XML, SVG})

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x7fELF", PROGRAM),
    (b"\xfe\xed\xfa\xce", PROGRAM),
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\x00asm", PROGRAM),
)
#: What a RIFF container says of itself at its ninth byte.
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
#: The brands of the ISO container that are no ordinary film.
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
}
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: Control characters that no text has; tab, line ends, form feed and escape are left out.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_PROLOGUE = re.compile(
    r"(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE
)
_DOCTYPE_HTML = re.compile(r"<!doctype\s+html", re.IGNORECASE)
#: Elements with which a browser would take what it is given for a page.
_PAGE = re.compile(
    r"<(?:html|head|body|title|script|style|iframe|h1|div|font|table|a|img|br|p|b|meta|link|form"
    r"|object|embed|base)(?=[\s>/])",
    re.IGNORECASE,
)
_SVG = re.compile(r"<(?:\w+:)?svg(?=[\s>/])", re.IGNORECASE)


def sniff(head: bytes) -> str:
    """The media type that the first bytes of a file (up to `HEAD_BYTES`) speak for.

    What has no signature is text, or a binary of some unknown kind.
    """
    head = head[:HEAD_BYTES]
    for look in _LOOKS:
        found = look(head)
        if found is not None:
            return found
    return BINARY


def _by_start(head: bytes) -> str | None:
    return next((kind for start, kind in _STARTS if head.startswith(start)), None)


def _in_riff(head: bytes) -> str | None:
    return _RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None


def _in_iso_container(head: bytes) -> str | None:
    if head[4:8] != b"ftyp":
        return None
    return _BRANDS.get(head[8:12], "video/mp4")


def _with_further_proof(head: bytes) -> str | None:
    """Signatures of two bytes, which text can begin with, and what else must be true of them."""
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return "image/bmp"
    if head.startswith(b"MZ") and _CONTROLS.search(head):
        return PROGRAM
    if head[:4] == b"\x00\x00\x01\x00" and len(head) > 5 and head[4]:
        return "image/x-icon"
    # The sync of an MPEG audio frame of layer 2 or 3, with a bit rate and a sampling rate.
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 in {0xE2, 0xE4}:
        rates = head[2]
        return "audio/mpeg" if rates >> 4 not in {0, 15} and rates & 0x0C != 0x0C else None
    return None


def _as_text(head: bytes) -> str | None:
    text = _decoded(head)
    return None if text is None else _markup(text)


def _decoded(head: bytes) -> str | None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head.decode(encoding, "replace").lstrip("\ufeff")
    if _CONTROLS.search(head):
        return None
    # Older encodings of text are as good: they differ in characters that no markup is made of.
    return head.decode("utf-8", "replace")


def _markup(text: str) -> str:
    found = _PROLOGUE.match(text)
    prologue = "" if found is None else found.group()
    root = text[len(prologue) :]
    if _SVG.match(root):
        return SVG
    if _DOCTYPE_HTML.search(prologue) or _PAGE.match(root):
        return HTML
    return XML if prologue.lstrip().lower().startswith("<?xml") else TEXT


_LOOKS: tuple[Callable[[bytes], str | None], ...] = (
    _by_start,
    _in_riff,
    _in_iso_container,
    _with_further_proof,
    _as_text,
)
