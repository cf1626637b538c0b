"""E-mail addresses, written one way however they were typed."""

import re
import unicodedata
from dataclasses import dataclass

from dify_hex.domain.account.errors import InvalidEmail

MAX_EMAIL = 254
_MAX_LOCAL_PART = 64
#: A host of labels; a single label (`localhost`) is what closed networks have.
_SHAPE = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\W_]([\w-]*[^\W_])?(\.[^\W_]([\w-]*[^\W_])?)*")


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """A normalised address: two spellings of one mailbox are equal. Make it with `parse`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "EmailAddress":
        """The address in lower case, composed, without the space around it.

        Raises:
            InvalidEmail: it has not the shape `local@host`, or is too long.
        """
        normal = _caseless(text).strip()
        local_part = normal.partition("@")[0]
        too_long = len(normal) > MAX_EMAIL or len(local_part) > _MAX_LOCAL_PART
        if too_long or not _SHAPE.fullmatch(normal):
            raise InvalidEmail
        return cls(normal)

    @property
    def local_part(self) -> str:
        """What stands before the `@`."""
        return self.text.partition("@")[0]


def _caseless(text: str) -> str:
    # Folding case can undo a composition, and composing can make a new capital: hence both, twice.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())
