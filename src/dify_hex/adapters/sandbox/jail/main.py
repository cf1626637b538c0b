"""The zygote's process: `python -I -S`, with an empty environment and nothing to lose."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from dify_hex.adapters.sandbox.jail import preload
from dify_hex.adapters.sandbox.jail.cell import Cell
from dify_hex.adapters.sandbox.jail.enclosure import Wishes, enclose
from dify_hex.adapters.sandbox.jail.walls.libc import PR_SET_PDEATHSIG, keep_one_arena, prctl
from dify_hex.adapters.sandbox.jail.walls.namespaces import ProcessNumbers
from dify_hex.adapters.sandbox.jail.wire import Order, Packet
from dify_hex.adapters.sandbox.jail.zygote import Zygote

#: How the process ends when a profile's libraries are missing.
NOT_INSTALLED = 71
_SIGKILL = 9
_TIME_ZONES = "/usr/share/zoneinfo"
#: What may lie among the standard library without being part of it.
_OTHERS = ("site-packages", "dist-packages", "test")


def main() -> NoReturn:
    """Read how to be from standard input, close oneself in, and fork until the service goes."""
    told = json.load(sys.stdin)
    prctl(PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != told["parent"]:
        os._exit(1)
    keep_one_arena()
    try:
        preload.preload(told["profile"], told["libraries"])
    except preload.NotInstalled as error:
        sys.stderr.write(f"{error}\n")
        os._exit(NOT_INSTALLED)
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, 0)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    wishes = _wishes(told)
    sys.path[:] = [path for path in sys.path if path.startswith(tuple(wishes.readable))]
    walls = enclose(wishes, proc)
    # What was unshared is for children: the first of them is the zygote.
    if pid := os.fork():
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
    prctl(PR_SET_PDEATHSIG, _SIGKILL)
    preload.settle()
    control = socket.socket(fileno=told["control"])
    zygote = Zygote(
        profile=told["profile"],
        cell=Cell(
            walls=walls,
            readable=tuple(wishes.readable),
            scratch=told["scratch"],
            proc=proc,
            null=null,
        ),
        control=control,
        numbers=ProcessNumbers(proc) if "pid" in walls.namespaces else None,
    )
    control.send(Packet(Order.STANDS).pack())
    zygote.serve()
    os._exit(0)


def _wishes(told: dict[str, Any]) -> Wishes:
    standard = os.fspath(Path(os.__file__).resolve().parent)
    # A folder of libraries stays only where code may import more of them.
    shown = told["libraries"] if told["shows_libraries"] else []
    return Wishes(
        readable=[path for path in (standard, _TIME_ZONES, *shown) if Path(path).is_dir()],
        hidden=[f"{standard}/{name}" for name in _OTHERS],
        without=told["without"],
        uid=told["uid"],
        gid=told["gid"],
        may_load_libraries=told["shows_libraries"],
    )


if __name__ == "__main__":
    main()
