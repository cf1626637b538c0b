"""Namespaces: other processes, the network and the host's files are not there to be reached."""

import os

from dify_hex.adapters.sandbox.jail.walls.libc import setns, unshare

MOUNT, CGROUP, UTS, IPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
USER, PID, NET = 0x10000000, 0x20000000, 0x40000000

#: What each is called to the people who read reports.
NAMES = {
    "user": USER,
    "mount": MOUNT,
    "pid": PID,
    "network": NET,
    "ipc": IPC,
    "uts": UTS,
    "cgroup": CGROUP,
}
ALL = tuple(NAMES)


def flags_of(names: tuple[str, ...]) -> int:
    """The kernel's bits for the names."""
    return sum(NAMES[name] for name in names)


class ProcessNumbers:
    """Makes the next child the first process of a namespace of its own, again and again."""

    def __init__(self, proc: int) -> None:
        self._own = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)

    def renew(self) -> None:
        """The next child gets new numbers.

        Raises:
            Denied: the kernel does not allow it.
        """
        unshare(PID)

    def restore(self) -> None:
        """Children get ours again, which is what the kernel wants before the next renewal."""
        setns(self._own, PID)


def map_user(proc: int, inside: int, outside_uid: int, outside_gid: int) -> None:
    """Be one user inside the namespace just entered, and nobody else's."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside} {outside_uid} 1"),
        ("gid_map", f"{inside} {outside_gid} 1"),
    ):
        descriptor = os.open(f"self/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
