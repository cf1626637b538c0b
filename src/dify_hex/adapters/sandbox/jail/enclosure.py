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
    name_host,
    prctl,
    unshare,
)
from dify_hex.adapters.sandbox.jail.walls.seccomp import SyscallFilter

_LEFT_OUT = "left out by a setting"
_SIGKILL = 9
#: What the machine is called inside.
_HOST = "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a zygote is to be closed in."""

    #: Folders that stay visible, to be read.
    readable: Sequence[str]
    #: Folders in them that do not.
    hidden: Sequence[str]
    #: Walls that are not to be raised, by name.
    without: Sequence[str]
    #: Whom to become, where the zygote is started by root; root itself where there is no other.
    uid: int
    gid: int
    may_load_libraries: bool


def enclose(wishes: Wishes, proc: int) -> Walls:
    """Leave the host behind; from here on this process's next child is the zygote."""
    walls = Walls()
    walls.missing |= {
        f"{name} namespace": _LEFT_OUT for name in namespaces.ALL if name in wishes.without
    }
    walls.namespaces = _possible_namespaces(wishes, walls, proc)
    _leave_host(wishes, walls.namespaces, proc)
    prctl(PR_SET_PDEATHSIG, _SIGKILL)
    forbid_new_privileges()
    _prepare(wishes, walls)
    return walls


def _possible_namespaces(wishes: Wishes, walls: Walls, proc: int) -> tuple[str, ...]:
    """Those that the machine allows: all that are wished for, or all but the mounts, or none.

    Each is tried out in a child, as what was begun could not be taken back.
    """
    wanted = tuple(name for name in namespaces.ALL if name not in wishes.without)
    if "user" not in wanted:
        # Every other one needs it, for whoever is not root.
        reason = "needs the user namespace"
        walls.missing |= {f"{name} namespace": reason for name in wanted}
        return ()
    for candidates in (wanted, tuple(name for name in wanted if name != "mount")):
        reason = _trial(wishes, candidates, proc)
        if not reason:
            return candidates
        lost = ("mount",) if "mount" in candidates else candidates
        walls.missing |= {f"{name} namespace": reason for name in lost}
    return ()


def _trial(wishes: Wishes, names: tuple[str, ...], proc: int) -> str:
    """Why these namespaces cannot be had; empty when they can."""
    heard, said = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _leave_host(wishes, names, proc)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            os.write(said, str(error).encode() or b"no reason")
        finally:
            os._exit(0)
    os.close(said)
    reason = os.read(heard, 4096).decode()
    os.close(heard)
    os.waitpid(pid, 0)
    return reason


def _leave_host(wishes: Wishes, names: tuple[str, ...], proc: int) -> None:
    """Become nobody, in namespaces of our own.

    Raises:
        OSError: the machine does not allow it.
    """
    is_root = os.geteuid() == 0 and wishes.uid != 0
    if is_root:
        if "mount" in names:
            # Root may show folders whose way there is closed to everyone else.
            unshare(namespaces.MOUNT)
            root.build(wishes.readable, wishes.hidden)
        _become(wishes.uid, wishes.gid)
    if not names:
        return
    uid, gid = os.geteuid(), os.getegid()
    unshare(namespaces.flags_of(names))
    namespaces.map_user(proc, 0, uid, gid)
    if "uts" in names:
        name_host(_HOST)
    if "mount" in names and not is_root:
        root.build(wishes.readable, wishes.hidden)


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # A process that changed its user may not even write its own maps, until told so.
    prctl(PR_SET_DUMPABLE, 1)


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
