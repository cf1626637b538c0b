"""Keeps secrets and people's data out of logs, wherever in an entry they hide.

Keys and tokens keep their first and last four characters, so that two can be told apart; an e-mail
keeps its domain, a phone or identity-card number its first three and last four digits, a bank card
its last four. What stands under a name such as `password` is replaced entirely.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

MASK = "***"
#: Longer texts are cut: no log line is worth a megabyte, and searching it would stall the process.
MAX_TEXT = 16_384
_MAX_DEPTH = 8
#: Nobody is known by fewer digits than this.
_SHORT_NUMBER = 10_000_000

_SECRET_NAMES = re.compile(
    r"passw|secret|token$|api_?key|authorization|credential|cookie|private_?key|passphrase",
    re.IGNORECASE,
)
#: Cheap to search for: most texts contain none of these and are done.
_PREFILTER = re.compile(
    r"[spr]k-|once-|[Bb]earer|[Bb]asic |eyJ|@|://|[0-9][0-9 -]{6,}[0-9]"
    r"|api_?key|passw|secret|signature|token"
)

_KEY = re.compile(r"\b(?:sk|pk|rk|once)-[A-Za-z0-9_-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*")
_AUTHORIZATION = re.compile(r"\b(?P<scheme>[Bb]earer|[Bb]asic)\s+(?P<value>[A-Za-z0-9._~+/=-]{4,})")
_ASSIGNMENT = re.compile(
    r"(?P<name>(?:api_?key|passw(?:or)?d|secret|signature|[a-z_]*token)[\"']?\s*[=:]\s*[\"']?)"
    r"(?P<value>[^\s&\"',;}]+)",
    re.IGNORECASE,
)
_URL_CREDENTIALS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^:/@\s]*):[^@/\s]+@")
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@(?P<domain>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)"
)
_IDENTITY_CARD = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_CARD = re.compile(r"(?<![0-9A-Za-z.-])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z-])")
_PHONE = re.compile(
    r"(?<![0-9A-Za-z.-])(?:(?:\+|00)86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9A-Za-z.])"
    r"|(?<![0-9A-Za-z])\+[1-9](?:[ -]?[0-9]){7,13}(?![0-9A-Za-z])"
)

_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_CHECKS = "10X98765432"


def mask_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The structlog processor: the entry with everything in it masked."""
    return {name: _mask_named(name, value, 0) for name, value in event.items()}


def mask_text(text: str) -> str:
    """The text with each secret and each person's number in it made unreadable."""
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}… ({len(text)} characters)"
    if _PREFILTER.search(text) is None:
        return text
    text = _URL_CREDENTIALS.sub(rf"\g<scheme>\g<user>:{MASK}@", text)
    for pattern, replace in _REPLACEMENTS:
        text = pattern.sub(replace, text)
    return text


def is_identity_card(digits: str) -> bool:
    """Whether the eighteenth character is the checksum of the seventeen before it."""
    total = sum(int(d) * w for d, w in zip(digits[:17], _CARD_WEIGHTS, strict=True))
    return _CARD_CHECKS[total % 11] == digits[17].upper()


def is_bank_card(digits: str) -> bool:
    """Whether the digits pass the Luhn check."""
    doubled = (int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _mask_named(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return MASK if _SECRET_NAMES.search(name) else _mask_value(value, depth)


def _mask_value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < _SHORT_NUMBER else _mask_number(value)
    if depth >= _MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {str(k): _mask_named(str(k), v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask_value(item, depth + 1) for item in value]
    if isinstance(value, bytes):
        return mask_text(value.decode("utf-8", "replace"))
    return mask_text(str(value))


def _mask_number(value: float) -> Any:
    """A number stays a number unless its digits are someone's."""
    text = str(value)
    masked = mask_text(text)
    return value if masked == text else masked


def _ends(text: str) -> str:
    return f"{text[:4]}{MASK}{text[-4:]}" if len(text) > 12 else MASK


def _mask_match(match: re.Match[str]) -> str:
    return _ends(match[0])


def _mask_authorization(match: re.Match[str]) -> str:
    return f"{match['scheme']} {_ends(match['value'])}"


def _mask_assignment(match: re.Match[str]) -> str:
    value = match["value"]
    return match[0] if MASK in value else f"{match['name']}{MASK}"


def _mask_email(match: re.Match[str]) -> str:
    return f"{match[0][0]}{MASK}@{match['domain']}"


def _mask_identity_card(match: re.Match[str]) -> str:
    return f"{match[0][:3]}{MASK}{match[0][-4:]}" if is_identity_card(match[0]) else match[0]


def _mask_bank_card(match: re.Match[str]) -> str:
    digits = re.sub(r"[ -]", "", match[0])
    return f"{MASK}{digits[-4:]}" if is_bank_card(digits) else match[0]


def _mask_phone(match: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", match[0])
    return f"{digits[:3]}{MASK}{digits[-4:]}"


_REPLACEMENTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_AUTHORIZATION, _mask_authorization),
    (_KEY, _mask_match),
    (_JWT, _mask_match),
    (_ASSIGNMENT, _mask_assignment),
    (_EMAIL, _mask_email),
    (_IDENTITY_CARD, _mask_identity_card),
    (_CARD, _mask_bank_card),
    (_PHONE, _mask_phone),
)
