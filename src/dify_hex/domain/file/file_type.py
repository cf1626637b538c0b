"""What a file is: decided from its content, its name, and what its sender says of it."""

from dataclasses import dataclass

from dify_hex.domain.file.errors import FileEmpty, FileTypeUnsupported
from dify_hex.domain.file.media_types import (
    EXTENSION_OF,
    SHOWN_IN_PLACE,
    MediaType,
    known_extension,
    known_name,
)
from dify_hex.domain.file.names import FileName
from dify_hex.domain.file.sniffing import BINARY, TEXTUAL, sniff
from dify_hex.domain.shared.values.file_reference import FileKind

#: Types that a declaration must agree with; all others are declared in too many ways.
_MAIN_TYPES = frozenset({"audio", "image", "video"})
#: One container carries sound alone as well as pictures with sound.
_MOVING = frozenset({"audio", "video"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """A decided type; `extension` is in small letters and without its dot, or empty."""

    kind: FileKind
    media_type: str
    extension: str

    @property
    def is_shown_in_place(self) -> bool:
        """Whether a browser may show it where it is linked from."""
        return self.media_type in SHOWN_IN_PLACE

    @classmethod
    def decide(cls, head: bytes, name: FileName, declared: str | None = None) -> "FileType":
        """The type of a file that begins with `head`.

        An extension that is known binds the content: a program does not pass as `photo.png`. One
        that is not known says nothing, and the content decides.

        Raises:
            FileEmpty: there is nothing in it.
            FileTypeUnsupported: content, name and declaration contradict each other.
        """
        if not head:
            raise FileEmpty
        sniffed = sniff(head)
        known = known_extension(name.extension)
        if known is not None and sniffed not in known.looks:
            raise FileTypeUnsupported(extension=name.extension, found=sniffed)
        decided = _of(sniffed, name, known)
        _check_declared(declared, decided.media_type)
        return decided


def _of(sniffed: str, name: FileName, known: MediaType | None) -> FileType:
    if known is not None:
        return FileType(kind=known.kind, media_type=known.name, extension=name.extension)
    # Source code and its like are text, but no documents.
    tells = not name.extension or sniffed not in TEXTUAL
    by_content = known_name(sniffed) if tells else None
    return FileType(
        kind=FileKind.CUSTOM if by_content is None else by_content.kind,
        media_type=sniffed,
        extension=name.extension or EXTENSION_OF.get(sniffed, ""),
    )


def _check_declared(declared: str | None, decided: str) -> None:
    if not declared:
        return
    name = declared.partition(";")[0].strip().lower()
    main, actual = name.partition("/")[0], decided.partition("/")[0]
    if main not in _MAIN_TYPES or main == actual or {main, actual} <= _MOVING:
        return
    if decided != BINARY:
        raise FileTypeUnsupported(declared=name, found=decided)
