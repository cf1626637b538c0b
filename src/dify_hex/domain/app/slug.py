"""The short name of an app that stands in addresses."""

import re
import unicodedata
from uuid import UUID

MAX_SLUG_LENGTH = 80

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
#: Enough random digits of the id that two apps of one name do not meet.
_SUFFIX_LENGTH = 8


def is_slug(text: str) -> bool:
    """Whether the text can be a slug."""
    return 3 <= len(text) <= MAX_SLUG_LENGTH and _SLUG.fullmatch(text) is not None


def slug_for(name: str, app_id: UUID) -> str:
    """A slug that reads like the name and is the app's own: `support-bot-9f3c2a1b`."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = _SEPARATORS.sub("-", ascii_name.lower()).strip("-")
    stem = stem[: MAX_SLUG_LENGTH - _SUFFIX_LENGTH - 1].rstrip("-") or "app"
    return f"{stem}-{app_id.hex[-_SUFFIX_LENGTH:]}"
