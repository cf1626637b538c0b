"""The types of files that are known: by extension, with what their content must look like."""

from dataclasses import dataclass

from dify_hex.domain.file.sniffing import BINARY, HTML, OLE, SVG, TEXT, TEXTUAL, XML, ZIP
from dify_hex.domain.shared.values.file_reference import FileKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """A known type; `looks` are the types that its content may be sniffed as."""

    name: str
    kind: FileKind
    looks: frozenset[str]


def _type(kind: FileKind, name: str, *looks: str) -> MediaType:
    return MediaType(name=name, kind=kind, looks=frozenset(looks or (name,)))


def _text(kind: FileKind, name: str) -> MediaType:
    return MediaType(name=name, kind=kind, looks=TEXTUAL)


_IMAGE, _AUDIO, _VIDEO = FileKind.IMAGE, FileKind.AUDIO, FileKind.VIDEO
_DOCUMENT, _CUSTOM = FileKind.DOCUMENT, FileKind.CUSTOM
_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_JPEG = _type(_IMAGE, "image/jpeg")
_TIFF = _type(_IMAGE, "image/tiff")
#: Photographs of phones name one of two brands for either.
_HEIC = _type(_IMAGE, "image/heic", "image/heic", "image/avif", "video/mp4")
#: Frames without a tag in front are hard to tell from any other bytes.
_MP3 = _type(_AUDIO, "audio/mpeg", "audio/mpeg", BINARY)
_MPEG = _type(_VIDEO, "video/mpeg", "video/mpeg", "audio/mpeg", BINARY)
_OGG = _type(_AUDIO, "audio/ogg")
_MARKDOWN = _text(_DOCUMENT, "text/markdown")
_PLAIN = _text(_DOCUMENT, TEXT)
_HTML = _text(_DOCUMENT, HTML)
_YAML = _text(_CUSTOM, "application/yaml")

BY_EXTENSION: dict[str, MediaType] = {
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "png": _type(_IMAGE, "image/png"),
    "gif": _type(_IMAGE, "image/gif"),
    "webp": _type(_IMAGE, "image/webp"),
    "bmp": _type(_IMAGE, "image/bmp"),
    "tif": _TIFF,
    "tiff": _TIFF,
    "ico": _type(_IMAGE, "image/x-icon"),
    "avif": _type(_IMAGE, "image/avif", "image/avif", "image/heic"),
    "heic": _HEIC,
    "heif": _HEIC,
    # Where a long comment comes first, the head shows no more than that it is XML.
    "svg": _type(_IMAGE, SVG, SVG, XML),
    "mp3": _MP3,
    "mpga": _MP3,
    "m4a": _type(_AUDIO, "audio/mp4", "audio/mp4", "video/mp4"),
    "wav": _type(_AUDIO, "audio/wav"),
    "amr": _type(_AUDIO, "audio/amr"),
    "oga": _OGG,
    "ogg": _OGG,
    "opus": _OGG,
    "flac": _type(_AUDIO, "audio/flac"),
    "weba": _type(_AUDIO, "audio/webm", "video/webm"),
    "mp4": _type(_VIDEO, "video/mp4", "video/mp4", "video/quicktime", "audio/mp4"),
    "m4v": _type(_VIDEO, "video/mp4", "video/mp4", "video/quicktime"),
    # Old films begin with another atom than the one that tells the brand.
    "mov": _type(_VIDEO, "video/quicktime", "video/quicktime", "video/mp4", BINARY),
    "webm": _type(_VIDEO, "video/webm"),
    "mkv": _type(_VIDEO, "video/x-matroska", "video/webm"),
    "avi": _type(_VIDEO, "video/x-msvideo"),
    "mpg": _MPEG,
    "mpeg": _MPEG,
    "pdf": _type(_DOCUMENT, "application/pdf"),
    "docx": _type(_DOCUMENT, f"{_OFFICE}.wordprocessingml.document", ZIP, OLE),
    "xlsx": _type(_DOCUMENT, f"{_OFFICE}.spreadsheetml.sheet", ZIP, OLE),
    "pptx": _type(_DOCUMENT, f"{_OFFICE}.presentationml.presentation", ZIP, OLE),
    "odt": _type(_DOCUMENT, f"{_OPEN}.text", ZIP),
    "ods": _type(_DOCUMENT, f"{_OPEN}.spreadsheet", ZIP),
    "odp": _type(_DOCUMENT, f"{_OPEN}.presentation", ZIP),
    "epub": _type(_DOCUMENT, "application/epub+zip", ZIP),
    "doc": _type(_DOCUMENT, "application/msword", OLE),
    "xls": _type(_DOCUMENT, "application/vnd.ms-excel", OLE),
    "ppt": _type(_DOCUMENT, "application/vnd.ms-powerpoint", OLE),
    "msg": _type(_DOCUMENT, "application/vnd.ms-outlook", OLE),
    "txt": _PLAIN,
    "md": _MARKDOWN,
    "mdx": _MARKDOWN,
    "markdown": _MARKDOWN,
    "html": _HTML,
    "htm": _HTML,
    "xml": _text(_DOCUMENT, XML),
    "csv": _text(_DOCUMENT, "text/csv"),
    "vtt": _text(_DOCUMENT, "text/vtt"),
    "properties": _PLAIN,
    "eml": _text(_DOCUMENT, "message/rfc822"),
    "json": _text(_CUSTOM, "application/json"),
    "yaml": _YAML,
    "yml": _YAML,
    "log": _text(_CUSTOM, TEXT),
    "zip": _type(_CUSTOM, ZIP),
    "gz": _type(_CUSTOM, "application/gzip"),
    "7z": _type(_CUSTOM, "application/x-7z-compressed"),
}

#: What a file is named that brought no extension of its own.
EXTENSION_OF: dict[str, str] = {
    known.name: extension for extension, known in reversed(BY_EXTENSION.items())
}
#: What a browser may show in place: it runs nothing. All others are handed over as downloads.
SHOWN_IN_PLACE = frozenset(
    {
        "application/pdf",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        TEXT,
        "video/mp4",
        "video/quicktime",
        "video/webm",
    }
)


def known_extension(extension: str) -> MediaType | None:
    """The type that goes by an extension (small letters, no dot)."""
    return BY_EXTENSION.get(extension)


def known_name(media_type: str) -> MediaType | None:
    """The type of that name."""
    return BY_EXTENSION.get(EXTENSION_OF.get(media_type, ""))
