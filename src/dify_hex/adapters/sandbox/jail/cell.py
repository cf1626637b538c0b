"""Raises every wall around this process, which then belongs to foreign code."""

import os
import resource
import signal
from dataclasses import dataclass, field

from dify_hex.adapters.sandbox.jail.channel import DESCRIPTOR
from dify_hex.adapters.sandbox.jail.walls import landlock, limits, namespaces, root
from dify_hex.adapters.sandbox.jail.walls.libc import (
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    drop_capabilities,
    prctl,
    unshare,
)
from dify_hex.adapters.sandbox.jail.walls.seccomp import SyscallFilter

#: Whom foreign code finds itself to be.
_INSIDE_USER = 1000
#: Who the zygote is, in its own namespace.
_ZYGOTE_USER = 0
_MOST_DESCRIPTORS = 1 << 16


@dataclass(slots=True)
class Walls:
    """What stands around the zygote, and will stand around each cell."""

    #: Namespaces that a cell gets of its own.
    namespaces: tuple[str, ...] = ()
    landlock: int = 0
    syscalls: SyscallFilter | None = None
    has_rlimits: bool = True
    drops_capabilities: bool = True
    #: Why others do not stand, by name.
    missing: dict[str, str] = field(default_factory=dict)

    def report(self) -> dict[str, object]:
        """What is up and what is down, for the service."""
        up = [f"{name} namespace" for name in self.namespaces]
        up += ["landlock"] if self.landlock else []
        up += ["seccomp"] if self.syscalls else []
        up += ["rlimits"] if self.has_rlimits else []
        up += ["capabilities"] if self.drops_capabilities else []
        return {"up": up, "down": self.missing, "landlock": self.landlock}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a zygote knows of the cells it makes."""

    walls: Walls
    #: Folders that can be read.
    readable: tuple[str, ...]
    #: The host's folder for temporary files, where there is no file system of its own.
    scratch: str
    #: The host's `/proc`, open; closed before foreign code comes.
    proc: int
    #: The null device, open.
    null: int

    def enter(self, socket: int, name: str) -> tuple[str, int]:
        """Raise every wall; returns the temporary folder, and the bytes mapped so far.

        Raises:
            OSError, ValueError: a wall that should stand does not.
        """
        _reset_signals()
        self._leave_namespaces()
        folder = self._temporary_folder(name)
        mapped = self._address_space()
        if self.walls.has_rlimits:
            limits.close_general()
        os.chdir(folder)
        if self.walls.drops_capabilities:
            drop_capabilities()
        self._close_descriptors(socket)
        if self.walls.landlock:
            landlock.confine(self.walls.landlock, self.readable, (folder,))
        prctl(PR_SET_DUMPABLE, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if self.walls.syscalls is not None:
            self.walls.syscalls.install()
        return folder, mapped

    def _leave_namespaces(self) -> None:
        names = [name for name in self.walls.namespaces if name != "pid"]
        if not names:
            return
        unshare(namespaces.flags_of(tuple(names)))
        if "user" in names:
            namespaces.map_user(self.proc, _INSIDE_USER, _ZYGOTE_USER, _ZYGOTE_USER)

    def _temporary_folder(self, name: str) -> str:
        if "mount" in self.walls.namespaces:
            root.mount_temporary(limits.TEMPORARY_BYTES)
            return root.TEMPORARY
        folder = f"{self.scratch}/{name}"
        os.mkdir(folder, 0o700)  # noqa: PTH102 - fewer imports, less memory
        return folder

    def _address_space(self) -> int:
        statm = os.open("self/statm", os.O_RDONLY, dir_fd=self.proc)
        try:
            return int(os.read(statm, 64).split()[0]) * resource.getpagesize()
        finally:
            os.close(statm)

    def _close_descriptors(self, socket: int) -> None:
        # In this order: the null device may have the number that the socket gets.
        for standard in (0, 1, 2):
            os.dup2(self.null, standard)
        os.dup2(socket, DESCRIPTOR)
        os.closerange(DESCRIPTOR + 1, _MOST_DESCRIPTORS)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
