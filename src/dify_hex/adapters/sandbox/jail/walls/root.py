"""The file system of the jail: empty, but for libraries that can only be read."""

import os
from collections.abc import Sequence
from pathlib import Path

from dify_hex.adapters.sandbox.jail.walls.libc import check, detach, mount, number_of, syscall

_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 32, 4096, 16384, 1 << 18
_CLOSED = _NO_SUID | _NO_DEVICES
#: How `statvfs` and `mount` call the same.
_KEPT_FLAGS = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
#: Where the new root is put together; hidden from nobody but us.
_SCAFFOLD = "/tmp"  # noqa: S108 - in a mount namespace of our own
TEMPORARY = "/tmp"  # noqa: S108 - inside the jail


def build(folders: Sequence[str], hidden: Sequence[str]) -> None:
    """Make the folders all there is, in the mount namespace that was just entered.

    What is `hidden` in them looks empty.

    Raises:
        Denied: the kernel does not allow it.
    """
    mount(None, "/", None, _RECURSIVE | _PRIVATE)
    # Opened before something is put over the place where they may lie.
    sources = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in folders}
    mount("tmpfs", _SCAFFOLD, "tmpfs", _CLOSED, "size=1m,nr_inodes=512,mode=755")
    Path(f"{_SCAFFOLD}{TEMPORARY}").mkdir()
    for path, source in sources.items():
        place = f"{_SCAFFOLD}{path}"
        Path(place).mkdir(parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{source}", place, None, _BIND | _RECURSIVE)
        mount(None, place, None, _REMOUNT | _BIND | _READ_ONLY | _CLOSED | _flags(place))
        os.close(source)
    for path in hidden:
        place = f"{_SCAFFOLD}{path}"
        if Path(place).is_dir():
            mount("tmpfs", place, "tmpfs", _READ_ONLY | _CLOSED, "size=4k,nr_inodes=2")
    os.chdir(_SCAFFOLD)
    check(syscall(number_of("pivot_root"), b".", b"."), "pivot_root")
    detach(".")
    os.chdir("/")
    mount(None, "/", None, _REMOUNT | _BIND | _READ_ONLY | _CLOSED)


def mount_temporary(size: int) -> None:
    """An empty folder that lives as long as the jail, and takes memory up to its size.

    Raises:
        Denied: the kernel does not allow it.
    """
    options = f"size={size},nr_inodes=4096,mode=700"
    mount("tmpfs", TEMPORARY, "tmpfs", _CLOSED | _NO_EXEC, options)


def _flags(path: str) -> int:
    # A less privileged namespace may add flags to what it got from outside, and remove none.
    present = os.statvfs(path).f_flag
    return sum(flag for bit, flag in _KEPT_FLAGS.items() if present & bit)
