"""Passwords of the embedded servers, made once per data folder and kept in a file of mode 0600."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """One password per login, all safe inside a URL."""

    superuser: str
    owner: str
    application: str
    system: str
    redis: str

    @classmethod
    def random(cls) -> Self:
        """New passwords of 192 bits."""
        return cls(
            superuser=secrets.token_urlsafe(24),
            owner=secrets.token_urlsafe(24),
            application=secrets.token_urlsafe(24),
            system=secrets.token_urlsafe(24),
            redis=secrets.token_urlsafe(24),
        )

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the file, or make it where it is missing.

        Raises:
            EmbeddedPartFailed: the file is there and is not what this wrote.
        """
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            made = cls.random()
            write_private(path, json.dumps(asdict(made)))
            return made
        except (ValueError, TypeError) as error:
            raise EmbeddedPartFailed(
                f"{path} is damaged: restore it, it holds the passwords of the embedded database"
            ) from error


def write_private(path: Path, text: str) -> None:
    """Put the text into a file that only we can read, in one step."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
