"""What a file may be called: a name to show and to download under, never a path."""

import unicodedata
from dataclasses import dataclass

from dify_hex.domain.file.errors import FileNameInvalid
from dify_hex.domain.shared.visible_text import is_hidden, shows_something

MAX_NAME_LENGTH = 255
#: A longer one is no extension, but a part of the name.
MAX_EXTENSION_LENGTH = 16

#: Marks that only say in which direction their neighbours are read.
_DIRECTIONS = frozenset("\u061c\u200e\u200f")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileName:
    """A name that was looked at; `extension` is in small letters and without its dot."""

    text: str
    extension: str

    @classmethod
    def parse(cls, text: str) -> "FileName":
        """The name in one form of Unicode, with no white space around it.

        What cannot be seen is left out: people do not know that it is there, and it is no reason to
        turn a file away.

        Raises:
            FileNameInvalid: nothing of it can be seen, it is too long, or it is a path.
        """
        seen = "".join(each for each in text if not _is_unseen(each))
        name = unicodedata.normalize("NFC", seen).strip()
        if len(name) > MAX_NAME_LENGTH or not name.strip(".") or not shows_something(name):
            raise FileNameInvalid
        if "/" in name or "\\" in name:
            raise FileNameInvalid
        return cls(text=name, extension=extension_of(name))


def extension_of(name: str) -> str:
    """What comes after the last dot, if that can be an extension."""
    stem, dot, extension = name.rpartition(".")
    extension = extension.lower()
    is_one = dot and stem and len(extension) <= MAX_EXTENSION_LENGTH
    return extension if is_one and extension.isascii() and extension.isalnum() else ""


def _is_unseen(character: str) -> bool:
    is_unassigned = unicodedata.category(character) == "Cn"
    return is_unassigned or is_hidden(character) or character in _DIRECTIONS
