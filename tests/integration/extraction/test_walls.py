"""The process that reads strangers' documents reaches nothing but what it was given."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dify_hex.adapters.extraction.host.walls import Confinement, confine

_TRYING = """
import ctypes, json, os, socket, sys
from dify_hex.adapters.extraction.host.walls import Confinement, confine

told = json.loads(sys.argv[1])
"localhost".encode("idna")
walls = confine(Confinement(**told["confinement"]))

def tried(action):
    try:
        action()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"

def connect():
    with socket.create_connection(("127.0.0.1", told["port"]), timeout=1):
        pass

def write():
    with open(told["folder"] + "/written", "w") as file:
        file.write("x")

print(json.dumps({
    "walls": walls,
    "uid": os.getuid(),
    "read": tried(lambda: open("/etc/passwd").read()),
    "allowed": tried(lambda: open(told["folder"] + "/allowed").read()),
    "write": tried(write),
    "run": tried(lambda: os.execv("/bin/true", ["true"])),
    "connect": tried(connect),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
    "memory": tried(lambda: bytearray(300 << 20)),
    "some memory": tried(lambda: bytearray(50 << 20)),
}))
"""


@pytest.fixture
def open_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_nothing_outside_can_be_reached(open_port: int, tmp_path: Path) -> None:
    (tmp_path / "allowed").write_text("x")
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    told = {
        "port": open_port,
        "folder": str(tmp_path),
        "confinement": {
            "parent": os.getpid(),
            "uid": 65534 if os.geteuid() == 0 else None,
            "gid": 65534 if os.geteuid() == 0 else None,
            "memory_bytes": 200 << 20,
            "cpu_seconds": 10,
            "readable": str(tmp_path),
        },
    }

    done = subprocess.run(
        [sys.executable, "-c", _TRYING, json.dumps(told)],
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.stderr == b""
    seen = json.loads(done.stdout)
    assert seen.pop("uid") != 0
    assert seen == {
        "walls": ["limits", "network", "files"],
        "read": "PermissionError",
        "allowed": "done",
        "write": "PermissionError",
        "run": "PermissionError",
        "connect": "PermissionError",
        "signal": "PermissionError",
        "memory": "MemoryError",
        "some memory": "done",
    }


def test_whose_parent_has_ended_ends(tmp_path: Path) -> None:
    confinement = Confinement(
        parent=1 << 22, uid=None, gid=None, memory_bytes=1 << 30, cpu_seconds=10
    )

    pid = os.fork()
    if pid == 0:
        confine(confinement)
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
