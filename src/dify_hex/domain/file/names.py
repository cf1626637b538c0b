"""What a file may be called: a name to show and to download under, never a path."""

import unicodedata
from dataclasses import dataclass

from dify_hex.domain.file.errors import FileNameInvalid

MAX_NAME_LENGTH = 255
#: A longer one is no extension, but a part of the name.
MAX_EXTENSION_LENGTH = 16

#: Controls, halves of surrogates, unassigned, separators of lines.
_UNSEEN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
#: Marks that turn the direction of what follows, so that `gpj.exe` is read `exe.jpg`.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileName:
    """A name that was looked at; `extension` is in small letters and without its dot."""

    text: str
    extension: str

    @classmethod
    def parse(cls, text: str) -> "FileName":
        """The name in one form of Unicode, with no white space around it.

        Raises:
            FileNameInvalid: it is blank, too long, a path, or holds what cannot be seen.
        """
        name = unicodedata.normalize("NFC", text).strip()
        if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.strip("."):
            raise FileNameInvalid
        if "/" in name or "\\" in name or any(map(_is_unseen, name)):
            raise FileNameInvalid
        return cls(text=name, extension=extension_of(name))


def extension_of(name: str) -> str:
    """What comes after the last dot, if that can be an extension."""
    stem, dot, extension = name.rpartition(".")
    extension = extension.lower()
    is_one = dot and stem and len(extension) <= MAX_EXTENSION_LENGTH
    return extension if is_one and extension.isascii() and extension.isalnum() else ""


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or character in _TURNING
