"""What people, tenants and keys may be called, and how a name becomes a slug."""

import re
import unicodedata
from uuid import UUID

from dify_hex.domain.account.errors import InvalidName
from dify_hex.domain.shared.visible_text import visible_name

MAX_NAME = 100
_MAX_SLUG_STEM = 40
#: Marks without a shape that some scripts need inside a word.
_JOINERS = "\u200c\u200d"


def checked_name(text: str) -> str:
    """The name without the space around it.

    Raises:
        InvalidName: nothing is left, it is longer than 100 characters, or it holds what cannot
            be seen: line breaks, other control characters, marks that turn the reading direction.
    """
    name = visible_name(unicodedata.normalize("NFC", text), most=MAX_NAME)
    if name is None or any(map(_is_mark, name)):
        raise InvalidName(max_length=MAX_NAME)
    return name


def slug_of(name: str, tenant_id: UUID) -> str:
    """A slug made from the name; the end of the id tells namesakes apart."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", ascii_name)[:_MAX_SLUG_STEM].strip("-")
    return f"{stem or 'tenant'}-{tenant_id.hex[-8:]}"


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) == "Cf" and character not in _JOINERS
