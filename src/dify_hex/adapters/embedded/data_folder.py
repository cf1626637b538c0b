"""The folder that holds everything a machine keeps for dify-hex, and its lock."""

import fcntl
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed, HomeInUse
from dify_hex.adapters.embedded.service_user import ServiceUser, give

#: `sun_path` holds 108 bytes with the final zero.
SOCKET_PATH_LIMIT = 107
#: Longer than any socket's name in it, `.s.PGSQL.5432.lock` included.
LONGEST_SOCKET_NAME = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFolder:
    """DIFY_HEX_HOME as the parts see it.

    When root starts the parts, they run as another user: that user may pass through the folder
    and owns the sub-folders of its own; nothing else in it is open to anyone.
    """

    home: Path
    user: ServiceUser | None

    @classmethod
    def open(cls, home: Path) -> Self:
        """Make the folder where it is missing.

        Raises:
            EmbeddedPartFailed: the folder cannot be made, or the servers' user cannot reach it.
        """
        user = ServiceUser.for_this_process()
        folder = cls(home=home.expanduser().absolute(), user=user)
        try:
            folder._make(folder.home)
            folder._make(folder.run)
            folder.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise EmbeddedPartFailed(
                f"the data folder {home} cannot be used ({error.strerror}): "
                "choose another with DIFY_HEX_HOME"
            ) from error
        folder._refuse_other_owner()
        closed = user.first_closed(folder.run) if user else None
        if closed is not None:
            raise EmbeddedPartFailed(
                f"the servers do not run as root, and their user cannot pass through {closed}: "
                f"choose another data folder with DIFY_HEX_HOME, or run `chmod o+x {closed}`"
            )
        return folder

    @property
    def run(self) -> Path:
        """Where sockets, the lock and `parts.json` are."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """Where what the processes say is kept."""
        return self.home / "logs"

    @property
    def credentials(self) -> Path:
        """The passwords of the embedded servers."""
        return self.home / "credentials.json"

    def part(self, name: str) -> Path:
        """The folder of one part's data, owned by the user that the part runs as."""
        folder = self.home / name
        self.make_private(folder)
        return folder

    def make_private(self, folder: Path, *, ours: bool = False) -> None:
        """Make a folder that only the servers' user (and root) may look into, or only we."""
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        if not ours:
            give(folder, self.user)

    def sockets(self, name: str, *, ours: bool = False) -> Path:
        """A folder for a part's socket whose path is short enough for one.

        Raises:
            EmbeddedPartFailed: the short path is taken by somebody else.
        """
        folder = self.run / name
        if len(os.fsencode(folder)) + 1 + LONGEST_SOCKET_NAME > SOCKET_PATH_LIMIT:
            folder = self._short_run() / name
        self.make_private(folder, ours=ours)
        return folder

    def lock(self) -> int:
        """Keep every other process from running parts on this folder until ours ends.

        Returns the descriptor that holds the lock.

        Raises:
            HomeInUse: another process holds it.
        """
        path = self.run / "lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
            os.close(descriptor)
            raise HomeInUse(
                f"{self.home} is in use by process {holder}: stop it first, or choose another "
                "data folder with DIFY_HEX_HOME"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor

    def _refuse_other_owner(self) -> None:
        expected = self.user.uid if self.user else os.geteuid()
        for data in (self.home / "postgres", self.home / "valkey"):
            if data.exists() and (owner := data.stat().st_uid) != expected:
                raise EmbeddedPartFailed(
                    f"{data} belongs to user {owner}, and the servers would run as {expected}: "
                    "run this as who ran it first, or choose another folder with DIFY_HEX_HOME"
                )
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise EmbeddedPartFailed(
                f"{self.home} belongs to somebody else: choose another with DIFY_HEX_HOME"
            )

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.chmod(0o700 if self.user is None else 0o711)

    def _short_run(self) -> Path:
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"dify-hex-{os.geteuid()}-{digest}"
        mode = 0o700 if self.user is None else 0o711
        try:
            folder.mkdir(mode=mode)
            folder.chmod(mode)
        except FileExistsError:
            # Anyone may make a folder there first, to stand between us and our servers.
            entry = folder.lstat()
            if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != os.geteuid():
                raise EmbeddedPartFailed(
                    f"{folder} belongs to somebody else: remove it, or choose a shorter data "
                    "folder with DIFY_HEX_HOME"
                ) from None
            folder.chmod(mode)
        return folder
