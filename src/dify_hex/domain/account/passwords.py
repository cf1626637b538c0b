"""Which passwords are good enough: long, and not what is tried first."""

import unicodedata

from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import WeakPassword

MIN_LENGTH = 12
#: Hashing must not become a way to keep the processor busy.
MAX_LENGTH = 256
_MIN_DIFFERENT = 5
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890")
#: Stems of the passwords that lists of leaked ones are full of; digits around them do not help.
_COMMON_STEMS = frozenset(
    {
        *("password", "passwort", "passw", "letmein", "welcome", "iloveyou", "administrator"),
        *("admin", "qwertyuiop", "qwerty", "changeme", "correcthorsebatterystaple", "trustno"),
        *("sunshine", "football", "baseball", "princess", "dragon", "monkey", "superman", "secret"),
        *("difyhex", "dify", "default", "master", "login", "woaini", "mima"),
    }
)
_LOOKALIKES = str.maketrans("@$013457!", "asoleasti")
#: A piece of the person's own data shorter than this is in many words by chance.
_MIN_OWN_PIECE = 4
#: What must be left of a password once the piece of own data is taken out of it.
_MIN_LEFT = 8


def check_password(password: str, email: EmailAddress) -> None:
    """Refuse a password that would be guessed early.

    Raises:
        WeakPassword: `reason` is `too_short`, `too_long`, `too_uniform`, `common`, `sequence` or
            `contains_email`.
    """
    reason = _weakness(normal_password(password), email)
    if reason is not None:
        raise WeakPassword(reason=reason, min_length=MIN_LENGTH, max_length=MAX_LENGTH)


def normal_password(password: str) -> str:
    """The same characters however the keyboard composed them; nothing else is changed."""
    return unicodedata.normalize("NFC", password)


def _weakness(password: str, email: EmailAddress) -> str | None:
    if len(password) < MIN_LENGTH:
        return "too_short"
    if len(password) > MAX_LENGTH:
        return "too_long"
    lowered = password.casefold()
    if len(set(lowered)) < _MIN_DIFFERENT:
        return "too_uniform"
    if _is_common(lowered):
        return "common"
    if _is_sequence(lowered):
        return "sequence"
    own = email.local_part
    if len(own) >= _MIN_OWN_PIECE and own in lowered and len(lowered) - len(own) < _MIN_LEFT:
        return "contains_email"
    return None


def _is_common(lowered: str) -> bool:
    # The digits and signs hung around a word go before the look-alikes inside it are read.
    bare = lowered.strip("0123456789!@#$%^&*()_+-=.,?~ ").translate(_LOOKALIKES)
    letters = "".join(character for character in bare if character.isalpha())
    half = letters[: len(letters) // 2]
    return letters in _COMMON_STEMS or (half * 2 == letters and half in _COMMON_STEMS)


def _is_sequence(lowered: str) -> bool:
    pieces = (*_RUNS, *(run[::-1] for run in _RUNS))
    steps = sum(
        any(lowered[index : index + 3] in piece for piece in pieces)
        for index in range(len(lowered) - 2)
    )
    return steps > (len(lowered) - 2) * 2 // 3
