"""Closes the process in that reads strangers' files, before it has seen a byte of one."""

import ctypes
import os
import resource
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_NEW_USER, _NEW_NET, _NEW_IPC = 0x10000000, 0x40000000, 0x8000000
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_BENEATH, _READ = 1, 1 << 2 | 1 << 3
#: Rights on files that each version of Landlock knows.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_LATER_FILE_RIGHTS = 16
_OPEN_FILES = 32

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """Whom to become (None: stay who we are), whose end is ours, and what may be used up."""

    parent: int
    uid: int | None
    gid: int | None
    #: Bytes on top of what the process has mapped when the walls go up.
    memory_bytes: int
    cpu_seconds: int
    #: The only folder that can still be read; empty for none.
    readable: str = ""


def confine(wishes: Confinement) -> list[str]:
    """Give up everything that reading needs not: rights, network, files; which walls stand.

    Limits, another user and the end with the parent always do. What the kernel has to allow, the
    namespaces and Landlock, stands where it does.
    """
    if wishes.uid is not None and wishes.gid is not None:
        os.setgroups([])
        os.setresgid(wishes.gid, wishes.gid, wishes.gid)
        os.setresuid(wishes.uid, wishes.uid, wishes.uid)
    walls = ["limits"]
    if _libc.unshare(_NEW_USER | _NEW_NET | _NEW_IPC) == 0:
        walls.append("network")
    # A change of the user takes the signal back, so it comes after.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    if os.getppid() != wishes.parent:
        os._exit(1)
    _limit(wishes)
    if _without_files(wishes.readable):
        walls.append("files")
    return walls


def _limit(wishes: Confinement) -> None:
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, _mapped() + wishes.memory_bytes),
    ):
        _, hard = resource.getrlimit(kind)
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (bound, bound))
    # At the first of both it is told, at the second one it is killed like by anybody.
    resource.setrlimit(resource.RLIMIT_CPU, (wishes.cpu_seconds, wishes.cpu_seconds + 5))


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()


def _without_files(readable: str) -> bool:
    """No other file can be opened, nobody outside signalled, no TCP connection made any more."""
    version = _libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    files = (1 << _FILE_RIGHTS.get(version, _LATER_FILE_RIGHTS)) - 1
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = struct.pack("=QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)[:size]
    ruleset = _libc.syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    try:
        if readable:
            _allow_reading(ruleset, readable)
        return bool(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, readable: str) -> None:
    folder = os.open(readable, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", _READ, folder)
        _libc.syscall(_LANDLOCK_ADD, ruleset, _BENEATH, rule, 0)
    finally:
        os.close(folder)


def _prctl(option: int, value: int) -> None:
    _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)
