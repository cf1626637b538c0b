"""Secrets that we make up: API keys, refresh tokens and one-time links, and what is stored of them.

All of them are long random texts, so a plain SHA-256 is enough to keep them: there is nothing to
guess, and a look-up by hash needs no key and leaks nothing by its timing.
"""

import hmac
import secrets
import string
from dataclasses import dataclass
from hashlib import sha256

from dify_hex.domain.account.api_key import ApiKeyKind
from dify_hex.domain.account.errors import SessionEnded

_BASE62 = string.digits + string.ascii_letters
#: 43 characters of 62 hold 256 bits.
_LENGTH = 43


def hash_of(secret: str) -> bytes:
    """What is stored of a secret."""
    return sha256(secret.encode()).digest()


def new_secret() -> str:
    """A fresh secret that fits into a URL."""
    return "".join(secrets.choice(_BASE62) for _ in range(_LENGTH))


def new_api_key(kind: ApiKeyKind) -> str:
    """The text of a fresh key, `sk-…`."""
    return f"{kind.value}-{new_secret()}"


def new_link_token() -> str:
    """The text of a fresh one-time link; its prefix lets logs know it for a secret."""
    return f"once-{new_secret()}"


def hint_of(api_key: str) -> str:
    """What lists show of a key: its beginning and its last four characters."""
    return f"{api_key[:7]}…{api_key[-4:]}"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`<family>.<secret>`: the family part is the same in all tokens of a session."""

    family: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> "RefreshToken":
        """The token in a text.

        Raises:
            SessionEnded: the text is none of ours.
        """
        family, _, secret = text.partition(".")
        for part in (family, secret):
            if len(part) != _LENGTH or not part.isascii() or not part.isalnum():
                raise SessionEnded
        return cls(family, secret)

    @property
    def text(self) -> str:
        """What the client keeps."""
        return f"{self.family}.{self.secret}"

    @property
    def family_hash(self) -> bytes:
        """What finds the session."""
        return hash_of(self.family)

    @property
    def token_hash(self) -> bytes:
        """What tells this token from the others of its family."""
        return hash_of(self.text)


class RefreshTokens:
    """Makes refresh tokens; the successor of one is the same however often it is asked for."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def first(self) -> RefreshToken:
        """The first token of a new family."""
        return RefreshToken(new_secret(), new_secret())

    def successor(self, token: RefreshToken) -> RefreshToken:
        """The token that replaces another; only the holder of the key can tell it."""
        digest = hmac.new(self._key, token.text.encode(), sha256).digest()
        number = int.from_bytes(digest)
        characters = []
        for _ in range(_LENGTH):
            number, index = divmod(number, len(_BASE62))
            characters.append(_BASE62[index])
        return RefreshToken(token.family, "".join(characters))
