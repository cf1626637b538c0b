"""Which formats are read, and how a file tells its own."""

from enum import StrEnum
from pathlib import PurePath

from dify_hex.domain.file.sniffing import HTML, OLE, SVG, TEXTUAL, ZIP, sniff
from dify_hex.domain.knowledge.reading_errors import DocumentFormatUnsupported, DocumentNotItsType


class Format(StrEnum):
    """How a file is read. The first group streams; the second one is read by the child process."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    CODE = "code"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"

    PDF = "pdf"
    #: Some packed format; the child looks inside.
    ARCHIVE = "archive"
    #: The container of old Office, and of everything in Office that has a password.
    OLE = "ole"
    RTF = "rtf"
    HTML = "html"
    MAIL = "mail"
    NOTEBOOK = "notebook"

    @property
    def streams(self) -> bool:
        """Whether it is read piece by piece, however large it is."""
        return self in _STREAMED


_STREAMED = frozenset(
    {Format.PLAIN, Format.MARKDOWN, Format.CODE, Format.CSV, Format.TSV, Format.JSON}
)
#: Extensions of what would be recognised by its first bytes.
_RECOGNISED = frozenset(
    {"pdf", "rtf", "docx", "pptx", "xlsx", "odt", "epub", "doc", "xls", "ppt", "msg"}
)
_OF_TEXT: dict[str, Format] = {
    "md": Format.MARKDOWN,
    "mdx": Format.MARKDOWN,
    "markdown": Format.MARKDOWN,
    "csv": Format.CSV,
    "tsv": Format.TSV,
    "tab": Format.TSV,
    "json": Format.JSON,
    "jsonl": Format.JSON,
    "ndjson": Format.JSON,
    "ipynb": Format.NOTEBOOK,
    "html": Format.HTML,
    "htm": Format.HTML,
    "xhtml": Format.HTML,
    "eml": Format.MAIL,
    "txt": Format.PLAIN,
    "text": Format.PLAIN,
    "log": Format.PLAIN,
    "rst": Format.PLAIN,
    "org": Format.PLAIN,
    "tex": Format.PLAIN,
    "vtt": Format.PLAIN,
    "srt": Format.PLAIN,
}
#: What is written for machines: kept line by line, tags and all.
_CODE = frozenset(
    [
        "xml",
        "svg",
        "yaml",
        "yml",
        "toml",
        "ini",
        "cfg",
        "conf",
        "env",
        "properties",
        "sql",
        "sh",
        "bash",
        "zsh",
        "bat",
        "ps1",
        "py",
        "pyi",
        "rb",
        "pl",
        "php",
        "lua",
        "r",
        "js",
        "mjs",
        "cjs",
        "ts",
        "jsx",
        "tsx",
        "vue",
        "svelte",
        "css",
        "scss",
        "less",
        "java",
        "kt",
        "kts",
        "scala",
        "groovy",
        "go",
        "rs",
        "c",
        "h",
        "cc",
        "cpp",
        "hpp",
        "cs",
        "swift",
        "m",
        "mm",
        "dart",
        "ex",
        "exs",
        "erl",
        "hs",
        "clj",
        "proto",
        "graphql",
        "tf",
        "dockerfile",
        "makefile",
        "cmake",
        "gradle",
        "diff",
        "patch",
    ]
)
_OF_MEDIA_TYPE: dict[str, Format] = {
    "text/markdown": Format.MARKDOWN,
    "text/csv": Format.CSV,
    "text/tab-separated-values": Format.TSV,
    "application/json": Format.JSON,
    "application/yaml": Format.CODE,
    "text/html": Format.HTML,
    "text/xml": Format.CODE,
    "message/rfc822": Format.MAIL,
}
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def format_of(head: bytes, name: str, media_type: str) -> Format:
    """How to read a file that begins with `head`: what it is comes before what it is called.

    Raises:
        DocumentFormatUnsupported: it is nothing that has text.
        DocumentNotItsType: its name promises one of the formats that would be recognised.
    """
    extension = PurePath(name.lower()).suffix.removeprefix(".")
    binary = _of_signature(head)
    if binary is not None:
        return binary
    if extension in _RECOGNISED:
        raise DocumentNotItsType(extension=extension)
    sniffed = sniff(head)
    if sniffed not in TEXTUAL and not looks_like_utf_16(head):
        raise DocumentFormatUnsupported(found=sniffed)
    if extension in _CODE or sniffed == SVG:
        return Format.CODE
    known = _OF_TEXT.get(extension) or _OF_MEDIA_TYPE.get(media_type.partition(";")[0].strip())
    if known is not None:
        return known
    return Format.HTML if sniffed == HTML else Format.PLAIN


def looks_like_utf_16(head: bytes) -> bool:
    """Whether every other byte of it is zero, or it says so itself."""
    if head.startswith(_UTF_16_MARKS):
        return True
    even, odd = head[::2].count(0), head[1::2].count(0)
    return len(head) >= 8 and min(even, odd) <= len(head) // 100 and max(even, odd) > len(head) // 5


def _of_signature(head: bytes) -> Format | None:
    if b"%PDF-" in head[:1024]:
        return Format.PDF
    if head.startswith(b"{\\rtf"):
        return Format.RTF
    sniffed = sniff(head)
    if sniffed == ZIP:
        return Format.ARCHIVE
    return Format.OLE if sniffed == OLE else None
