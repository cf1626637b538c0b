"""The key of keys: kept in one private file, and never used but to derive others from it."""

import os
import secrets
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class MasterKeyUnusable(Exception):
    """The file of the master key cannot be used as it is; the message says what to do."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 random bytes and the id that what was made with them refers to."""

    id: str
    secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose; nothing about one purpose's key tells another's."""
        return HKDF(
            algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"dify-hex " + purpose.encode()
        ).derive(self.secret)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The current key first; the ones before it still open what was made with them."""

    keys: tuple[MasterKey, ...]

    @property
    def current(self) -> MasterKey:
        """What everything new is made with."""
        return self.keys[0]

    def find(self, key_id: str) -> MasterKey | None:
        """The key with this id."""
        return next((key for key in self.keys if key.id == key_id), None)


def load_keyring(path: Path) -> Keyring:
    """Read the file, or make it when it is absent; one key a line, the current one first.

    To rotate, put a new line on top and leave the old ones until nothing refers to them.

    Raises:
        MasterKeyUnusable: others may read the file, or it holds no keys.
    """
    try:
        text = _read_private(path)
    except FileNotFoundError:
        _create(path)
        text = _read_private(path)
    keys = tuple(_parse(line, path) for line in text.splitlines() if line.strip())
    if not keys:
        raise MasterKeyUnusable(f"{path} is empty; restore it, or remove it to have one made")
    return Keyring(keys)


def _parse(line: str, path: Path) -> MasterKey:
    try:
        secret = urlsafe_b64decode(line.strip().encode())
    except (NotBase64, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise MasterKeyUnusable(f"{path} holds a line that is not a key of {KEY_BYTES} bytes")
    return MasterKey(sha256(b"dify-hex key id" + secret).hexdigest()[:12], secret)


def _read_private(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if status.st_mode & _OTHERS:
            mode = stat.S_IMODE(status.st_mode)
            raise MasterKeyUnusable(f"{path} has mode {mode:04o}; others may read it: chmod 600")
        return file.read().decode("ascii", "replace")


def _create(path: Path) -> None:
    """Make the file whole or not at all; of two processes that try at once one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _new_private_file(path) as (temporary, file):
        os.write(file, urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        os.fsync(file)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    _sync_folder(path.parent)


@contextmanager
def _new_private_file(path: Path) -> Iterator[tuple[Path, int]]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield temporary, file
    finally:
        os.close(file)
        temporary.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
