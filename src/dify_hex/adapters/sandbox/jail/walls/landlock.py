"""Landlock: the files that a jailed process reaches, whatever its namespaces would show it."""

import ctypes
import os
import struct
from collections.abc import Sequence

from dify_hex.adapters.sandbox.jail.walls.libc import (
    LANDLOCK_ADD,
    LANDLOCK_CREATE,
    LANDLOCK_RESTRICT,
    Denied,
    check,
    syscall,
)

_READ = 1 << 2 | 1 << 3
#: Write, remove and make files and folders, truncate; no devices, sockets, pipes or links.
_CHANGE = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8
_TRUNCATE = 1 << 14
_BENEATH = 1
_VERSION = 1
#: Rights on files that each version knows, TCP from version 4, signals and sockets from 6.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_LATER_FILE_RIGHTS = 16


def version() -> int:
    """What the kernel offers; 0 for nothing."""
    return max(0, syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), _VERSION))


def confine(abi: int, readable: Sequence[str], writable: Sequence[str]) -> None:
    """Leave nothing but reading some folders and working in others.

    Raises:
        Denied: the kernel does not offer it.
    """
    if abi < 1:
        raise Denied(0, "landlock: the kernel does not offer it")
    handled = (1 << _FILE_RIGHTS.get(abi, _LATER_FILE_RIGHTS)) - 1
    network = 3 if abi >= 4 else 0
    scoped = 3 if abi >= 6 else 0
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    rules = struct.pack("=QQQ", handled, network, scoped)[:size]
    ruleset = check(syscall(LANDLOCK_CREATE, rules, ctypes.c_size_t(size), 0), "landlock")
    try:
        for path in readable:
            _allow(ruleset, path, _READ)
        for path in writable:
            _allow(ruleset, path, (_READ | _CHANGE | _TRUNCATE) & handled)
        check(syscall(LANDLOCK_RESTRICT, ruleset, 0), "landlock")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        # What is not there needs no permission.
        return
    try:
        rule = struct.pack("=Qi", rights, folder)
        check(syscall(LANDLOCK_ADD, ruleset, _BENEATH, rule, 0), "landlock")
    finally:
        os.close(folder)
