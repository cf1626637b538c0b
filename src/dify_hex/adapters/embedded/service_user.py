"""The user that servers run as: ourselves, or `nobody` when we are root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

#: What PostgreSQL, which refuses root, and every other part run as then.
NAME = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUser:
    """An unprivileged user, by number."""

    uid: int
    gid: int

    @classmethod
    def for_this_process(cls) -> Self | None:
        """Whom to step down to; None when this process is unprivileged already."""
        if os.geteuid() != 0:
            return None
        entry = pwd.getpwnam(NAME)
        return cls(uid=entry.pw_uid, gid=entry.pw_gid)

    def first_closed(self, path: Path) -> Path | None:
        """The first folder on the way to the path, or the path, that this user may not enter.

        A file must be readable, and executable where its owner may execute it.
        """
        real = path.resolve()
        for step in (*reversed(real.parents), real):
            wanted = _wanted(step.stat().st_mode)
            if self._granted(step.stat()) & wanted != wanted:
                return step
        return None

    def _granted(self, entry: os.stat_result) -> int:
        if entry.st_uid == self.uid:
            return entry.st_mode >> 6 & 7
        if entry.st_gid == self.gid:
            return entry.st_mode >> 3 & 7
        return entry.st_mode & 7


def _wanted(mode: int) -> int:
    if stat.S_ISDIR(mode):
        return stat.S_IXOTH
    return stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)


def give(path: Path, user: ServiceUser | None) -> None:
    """Make the user the owner of a file or folder; nothing to do when there is no such user."""
    if user is not None:
        os.chown(path, user.uid, user.gid)
