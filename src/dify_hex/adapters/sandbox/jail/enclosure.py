"""Closes a zygote in, as far as the machine lets it, and notes what the machine does not."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.adapters.sandbox.jail.cell import Walls
from dify_hex.adapters.sandbox.jail.walls import landlock, namespaces, root
from dify_hex.adapters.sandbox.jail.walls.libc import (
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    forbid_new_privileges,
    prctl,
    unshare,
)
from dify_hex.adapters.sandbox.jail.walls.seccomp import SyscallFilter

_LEFT_OUT = "left out by a setting"
_SIGKILL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a zygote is to be closed in."""

    #: Folders that stay visible, to be read.
    readable: Sequence[str]
    #: Folders in them that do not.
    hidden: Sequence[str]
    #: Walls that are not to be raised, by name.
    without: Sequence[str]
    #: Whom to become, where the zygote is started by root.
    uid: int
    gid: int
    may_load_libraries: bool


def enclose(wishes: Wishes, proc: int) -> Walls:
    """Leave the host behind; from here on this process's next child is the zygote."""
    walls = Walls()
    is_root = os.geteuid() == 0
    wanted = [name for name in namespaces.ALL if name not in wishes.without]
    walls.missing |= {
        f"{name} namespace": _LEFT_OUT for name in namespaces.ALL if name in wishes.without
    }
    if is_root:
        wanted = _build_as_root(wishes, walls, wanted)
        _become(wishes.uid, wishes.gid)
    _enter(wishes, walls, wanted, proc, is_built=is_root)
    prctl(PR_SET_PDEATHSIG, _SIGKILL)
    forbid_new_privileges()
    _prepare(wishes, walls)
    return walls


def _build_as_root(wishes: Wishes, walls: Walls, wanted: list[str]) -> list[str]:
    """Root may show folders to the zygote whose way there is closed to everyone else."""
    if "mount" in wanted:
        try:
            unshare(namespaces.MOUNT)
            root.build(wishes.readable, wishes.hidden)
        except OSError as error:
            walls.missing["mount namespace"] = str(error)
            wanted.remove("mount")
    return wanted


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # A process that changed its user may not even write its own maps, until told so.
    prctl(PR_SET_DUMPABLE, 1)


def _enter(wishes: Wishes, walls: Walls, wanted: list[str], proc: int, *, is_built: bool) -> None:
    uid, gid = os.geteuid(), os.getegid()
    if "user" not in wanted:
        # Every other one needs it, for whoever is not root.
        _give_up(walls, wanted, "needs the user namespace")
        return
    try:
        unshare(namespaces.flags_of(tuple(wanted)))
        namespaces.map_user(proc, 0, uid, gid)
    except OSError as error:
        _give_up(walls, wanted, str(error))
        return
    walls.namespaces = tuple(wanted)
    if "mount" in wanted and not is_built:
        try:
            root.build(wishes.readable, wishes.hidden)
        except OSError as error:
            walls.missing["mount namespace"] = str(error)
            walls.namespaces = tuple(name for name in wanted if name != "mount")


def _give_up(walls: Walls, wanted: list[str], reason: str) -> None:
    walls.missing |= {f"{name} namespace": reason for name in wanted}


def _prepare(wishes: Wishes, walls: Walls) -> None:
    """What each cell installs for itself."""
    walls.landlock = 0 if "landlock" in wishes.without else landlock.version()
    if not walls.landlock:
        chosen = "landlock" in wishes.without
        walls.missing["landlock"] = _LEFT_OUT if chosen else "the kernel does not offer it"
    if "seccomp" in wishes.without:
        walls.missing["seccomp"] = _LEFT_OUT
    else:
        try:
            walls.syscalls = SyscallFilter(
                # Where files could be written that are mapped as code, none may be.
                may_load_libraries=wishes.may_load_libraries and "mount" in walls.namespaces,
                is_alone="pid" in walls.namespaces,
            )
        except OSError as error:
            walls.missing["seccomp"] = str(error)
    walls.has_rlimits = "rlimits" not in wishes.without
    if not walls.has_rlimits:
        walls.missing["rlimits"] = _LEFT_OUT
    walls.drops_capabilities = "capabilities" not in wishes.without
    if not walls.drops_capabilities:
        walls.missing["capabilities"] = _LEFT_OUT
