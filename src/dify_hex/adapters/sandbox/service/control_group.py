"""A bound on what a zygote and all that it forks take together, where the kernel sets one."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_MOUNTS = Path("/proc/self/mountinfo")
_MEMBERSHIP = Path("/proc/self/cgroup")
_V2 = "cgroup2"
_PREFIX = "dify-hex-sandbox-"


class NoControlGroup(OSError):
    """None can be made here; the message says why."""


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """The folders of one group: a single one in version 2, one for each controller in version 1."""

    folders: Sequence[Path]

    @classmethod
    def make(cls, number: int, *, memory_bytes: int, processes: int) -> Self:
        """Make a group below our own.

        Raises:
            NoControlGroup: the system has none that we may change.
        """
        name = f"{_PREFIX}{os.getpid()}-{number}"
        group = cls([parent / name for parent in _parents()])
        try:
            for folder in group.folders:
                folder.mkdir(exist_ok=True)
            group._limit(memory_bytes, processes)
        except OSError as error:
            group.remove()
            raise NoControlGroup(error.errno, f"control group: {error.strerror}") from error
        return group

    def add(self, pid: int) -> None:
        """Put a process into the group, and whatever it forks."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Remove the group, once nothing runs in it."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()

    def _limit(self, memory_bytes: int, processes: int) -> None:
        limits = {
            "memory.max": memory_bytes,
            "memory.limit_in_bytes": memory_bytes,
            "memory.swap.max": 0,
            "memory.swappiness": 0,
            "pids.max": processes,
        }
        found = [
            (folder / name, value)
            for folder in self.folders
            for name, value in limits.items()
            if (folder / name).exists()
        ]
        if not any("memory" in path.name for path, _ in found):
            raise OSError(0, "memory is not handed down to us")
        for path, value in found:
            path.write_text(str(value))


def sweep() -> int:
    """Remove empty groups of ours and of services that were killed; how many are still in use."""
    left = 0
    with suppress(NoControlGroup):
        for parent in _parents():
            for folder in parent.glob(f"{_PREFIX}*"):
                pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
                if int(pid) == os.getpid() or not Path("/proc", pid).exists():
                    with suppress(OSError):
                        folder.rmdir()
                    left += folder.exists()
    return left


def _parents() -> list[Path]:
    """Our own groups, by whichever version carries the controllers.

    Raises:
        NoControlGroup: no version does.
    """
    with suppress(OSError):
        mounts = list(_mounts())
        ours = _ours()
        old = [
            Path(place) / ours[controller].lstrip("/")
            for place, options in mounts
            for controller in ("memory", "pids")
            if options != _V2 and controller in options.split(",") and controller in ours
        ]
        if old:
            return old
        for place, options in mounts:
            if options == _V2 and "" in ours:
                own = Path(place) / ours[""].lstrip("/")
                _hand_down(own)
                return [own]
    raise NoControlGroup(0, "control group: the system has none that we may change")


def _hand_down(folder: Path) -> None:
    wanted = "+memory +pids"
    handed = (folder / "cgroup.subtree_control").read_text().split()
    if not {"memory", "pids"} <= set(handed):
        (folder / "cgroup.subtree_control").write_text(wanted)


def _mounts() -> Iterator[tuple[str, str]]:
    """Where control groups are mounted, and with which controllers."""
    for line in _MOUNTS.read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == _V2:
            yield before.split()[4], _V2
        elif kind == "cgroup" and os.access(before.split()[4], os.W_OK):
            yield before.split()[4], options


def _ours() -> dict[str, str]:
    """Our own group by controller; that of version 2 has no name."""
    found: dict[str, str] = {}
    for line in _MEMBERSHIP.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found
