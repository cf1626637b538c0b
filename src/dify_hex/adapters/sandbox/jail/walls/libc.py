"""The system calls that Python has no words for."""

import ctypes
import os
import platform

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

#: Numbers of calls that the C library does not wrap, by machine.
_NUMBERS = {
    "x86_64": {"pivot_root": 155, "seccomp": 317},
    "aarch64": {"pivot_root": 41, "seccomp": 277},
}
#: These are the same everywhere.
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446

MACHINE = platform.machine()

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_M_ARENA_MAX = -8


class Denied(OSError):
    """The kernel refuses a mechanism; the message says which."""


def check(result: int, what: str) -> int:
    """The result of a call, unless it failed.

    Raises:
        Denied: it failed.
    """
    if result < 0:
        number = ctypes.get_errno()
        raise Denied(number, f"{what}: {os.strerror(number)}")
    return result


def number_of(name: str) -> int:
    """The number of a call on this machine.

    Raises:
        Denied: the machine is one that nobody has looked at.
    """
    try:
        return _NUMBERS[MACHINE][name]
    except KeyError:
        raise Denied(0, f"{name}: unknown on {MACHINE}") from None


def syscall(number: int, *arguments: object) -> int:
    """Make a call by its number."""
    return int(_libc.syscall(number, *arguments))


def prctl(option: int, first: int = 0, second: int = 0) -> int:
    """Change the process itself."""
    return int(_libc.prctl(option, ctypes.c_ulong(first), ctypes.c_ulong(second), 0, 0))


def unshare(flags: int) -> None:
    """Leave namespaces for new ones.

    Raises:
        Denied: the kernel does not allow it.
    """
    check(_libc.unshare(flags), "unshare")


def name_host(name: str) -> None:
    """What the machine is called, in the namespace we are in.

    Raises:
        Denied: the kernel does not allow it.
    """
    check(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))), "sethostname")


def setns(descriptor: int, kind: int) -> None:
    """Enter a namespace.

    Raises:
        Denied: the kernel does not allow it.
    """
    check(_libc.setns(descriptor, kind), "setns")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system.

    Raises:
        Denied: the kernel does not allow it.
    """
    result = _libc.mount(
        source.encode() if source else None,
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    check(result, f"mount {target}")


def detach(target: str) -> None:
    """Unmount lazily.

    Raises:
        Denied: the kernel does not allow it.
    """
    check(_libc.umount2(target.encode(), 2), f"umount {target}")


def drop_capabilities() -> None:
    """Give up every capability, and every way to regain one.

    Raises:
        Denied: the kernel kept some.
    """
    capability = 0
    while prctl(PR_CAPBSET_DROP, capability) == 0:
        capability += 1
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    version_3 = (ctypes.c_uint32 * 2)(0x20080522, 0)
    check(_libc.capset(version_3, (ctypes.c_uint32 * 6)()), "capset")


def forbid_new_privileges() -> None:
    """No program that is executed from now on gains anything.

    Raises:
        Denied: the kernel does not know it.
    """
    check(prctl(PR_SET_NO_NEW_PRIVS, 1), "no_new_privs")


def keep_one_arena() -> None:
    """Have the C library's allocator reserve no address space for each thread."""
    mallopt = getattr(_libc, "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
