"""Where `dify-hex login` keeps what it was given: one file that only its owner can read."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One sign-in; `expires_at` is a Unix time in seconds. A refresh token works once."""

    email: str
    tenant_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: float

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> Self:
        """What `asdict` made of it.

        Raises:
            KeyError, TypeError, ValueError: it is not that.
        """
        return cls(
            email=str(stored["email"]),
            tenant_id=str(stored["tenant_id"]),
            access_token=str(stored["access_token"]),
            refresh_token=str(stored["refresh_token"]),
            expires_at=float(str(stored["expires_at"])),
        )


@dataclass(frozen=True, slots=True)
class Logins:
    """Sign-ins by the URL of their API, and which of them is meant when nobody says."""

    current: str | None = None
    by_url: Mapping[str, Login] = field(default_factory=dict)

    def having(self, url: str, login: Login) -> "Logins":
        """With this sign-in, which becomes the current one."""
        return Logins(url, {**self.by_url, url: login})

    def without(self, url: str) -> "Logins":
        """Without the sign-in at that URL."""
        kept = {other: login for other, login in self.by_url.items() if other != url}
        current = next(iter(kept), None) if self.current == url else self.current
        return Logins(current, kept)


class CredentialsFile:
    """`~/.config/dify-hex/credentials`; what cannot be read counts as not signed in."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """At its usual place."""
        config = environment.get("XDG_CONFIG_HOME") or "~/.config"
        return cls(Path(config).expanduser() / "dify-hex" / "credentials")

    def read(self) -> Logins:
        """What is kept."""
        try:
            stored = json.loads(self.path.read_bytes())
            logins = {str(url): Login.of(login) for url, login in stored["logins"].items()}
            current = stored["current"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Logins()
        return Logins(current if current in logins else None, logins)

    def write(self, logins: Logins) -> None:
        """Replace what is kept, whole or not at all; nobody else can read it at any moment."""
        self._make_folder()
        stored = {
            "current": logins.current,
            "logins": {url: asdict(login) for url, login in logins.by_url.items()},
        }
        # mkstemp makes files of mode 0600, whatever the umask.
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".credentials-")
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(stored, file)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all commands: a refresh token that two of them use ends its session."""
        self._make_folder()
        lock = self.path.with_name("credentials.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, _FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _make_folder(self) -> None:
        self.path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
