"""Hostile code meets the walls, and gets nothing; and each wall has others behind it."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.service_user import ServiceUser, give
from dify_hex.adapters.sandbox.client import SandboxClient
from dify_hex.adapters.sandbox.service_address import ServiceAddress
from dify_hex.application.shared.code_failures import CodeOutputInvalid
from dify_hex.application.shared.code_sandbox import CodeLimits, OutputType
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.domain.shared.errors import DomainError
from tests.integration.sandbox.attack import OTHERS_WORD, Attack
from tests.integration.sandbox.attacks import ATTACKS, SOCKETS
from tests.integration.sandbox.running_sandbox import (
    RunningSandbox,
    another_tenant,
    running_sandbox,
    wait_until_it_listens,
)

SHORT = CodeLimits(seconds=1.5, memory_bytes=128 << 20)
#: These are ended by their limits, whatever walls there are.
LONG = frozenset(
    {
        "all memory at once",
        "all memory by and by",
        "an enormous number",
        "be deaf to signals",
        "deep recursion",
        "endless loop in a regular expression",
        "flood the way out",
        "flood with empty frames",
        "fork bomb",
        "print without end",
        "sleep",
        "spin",
    }
)
#: What succeeds once a wall is left out, for want of a second one. None of it reaches the host's
#: files, another process or a network: sockets are in a network of their own, forks in a process
#: space of their own.
SUCCEEDS_WITHOUT = {
    "user,mount,pid,network,ipc,uts,cgroup": {"fill the disk with many files", "the host's name"},
    "landlock": set(),
    "capabilities": set(),
    "rlimits": {"raise the limits", "more threads than allowed"},
    "seccomp": {
        "a file in memory",
        "a handle of a process",
        "a hard link",
        "a keyring",
        "a session of its own",
        "another personality",
        "be dumped",
        "clone into a user namespace",
        "clone without sharing",
        "clone3",
        "fork",
        "have the kernel signal somebody",
        "keys",
        "kill the zygote",
        "leave a namespace",
        "make memory run",
        "memory to run code in",
        "netlink",
        "pages of others",
        "pass descriptors",
        "segments",
        "shared memory",
        "tcp",
        "tcp over IPv6",
        "udp",
        "unix",
        "vsock",
        "watch files",
    },
}
#: The same for walls that are taken away one by one.
ALONE: dict[str, set[str]] = {
    "mount": {"fill the disk with many files"},
    "pid": set(),
    "network": set(),
    "ipc": set(),
    "uts": {"the host's name"},
    "cgroup": set(),
}
#: How a kernel says that it was built without a kind of socket.
NOT_IN_THIS_KERNEL = "not supported"


async def outcome_of(sandbox: RunningSandbox, attack: Attack) -> tuple[object, str]:
    """What an attack got, and how it was stopped."""
    try:
        result = await sandbox.run(attack.code, limits=SHORT)
    except DomainError as error:
        return None, f"{error.code}: {error.message}"
    return result.outputs["got"], ""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_is_stopped(sandbox: RunningSandbox, attack: Attack) -> None:
    secret = f"def main():\n    return {{'text': '{OTHERS_WORD}'}}"
    await sandbox.run(secret, tenant=another_tenant())

    got, stopped = await outcome_of(sandbox, attack)

    assert not got
    assert "sandbox_unavailable" not in stopped
    assert re.search(attack.stopped_by, stopped), stopped
    assert (await sandbox.run("def main():\n    return {'well': True}")).outputs == {"well": True}


@pytest.mark.parametrize(
    "without", [*SUCCEEDS_WITHOUT, *(pytest.param(each, marks=pytest.mark.soak) for each in ALONE)]
)
async def test_a_wall_has_others_behind_it(without: str, tmp_path: Path) -> None:
    with weakened(tmp_path, without) as sandbox:
        found = {
            attack.name
            for attack in ATTACKS
            if attack.name not in LONG and (await outcome_of(sandbox, attack))[0]
        }

    # The kernel of the day may refuse more of these by itself.
    assert found <= SUCCEEDS_WITHOUT.get(without, ALONE.get(without, set()))


async def test_sockets_that_the_filter_lets_through_reach_nobody(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    reach = f"got = socket.create_connection({listener.getsockname()!r}, 1).fileno()"
    with listener, weakened(tmp_path, "seccomp") as sandbox:
        tried = {attack.name: await outcome_of(sandbox, attack) for attack in SOCKETS}
        reached = await outcome_of(sandbox, Attack("reach the machine's own servers", reach))

    absent = {name for name, (_, word) in tried.items() if re.search(NOT_IN_THIS_KERNEL, word)}
    record_property("families that this kernel does not have", sorted(absent))
    for name in tried.keys() - absent:
        got, word = tried[name]
        assert got or re.search("not permitted|Permission denied", word), (name, word)
    assert not reached[0]
    assert re.search("unreachable|refused|Permission denied", reached[1])


async def test_a_forged_result_is_held_against_what_is_declared(sandbox: RunningSandbox) -> None:
    forged = (
        "import os\ndef main():\n"
        '    data = b\'{"values": {"n": "none"}, "line": 3}\'\n'
        "    os.write(3, bytes([42]) + len(data).to_bytes(4, 'big') + data)\n    os._exit(0)\n"
    )

    with pytest.raises(CodeOutputInvalid):
        await sandbox.run(forged, outputs={"n": OutputType.NUMBER})


async def test_an_ordinary_user_has_the_same_walls(open_folder: Path) -> None:
    nobody = ServiceUser.for_this_process()
    give(open_folder, nobody)
    with running_sandbox(open_folder, nobody) as sandbox:
        found = [
            attack.name
            for attack in ATTACKS
            if attack.name not in LONG and (await outcome_of(sandbox, attack))[0]
        ]
        walls = (await sandbox.client.standing())["walls"]

    assert not found
    assert walls["down"].keys() <= {"control group"}


def test_there_are_many_attacks() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 100


@contextmanager
def weakened(folder: Path, without: str) -> Iterator[RunningSandbox]:
    """A service without some of its walls."""
    folder.chmod(0o755)
    command: Sequence[str] = (sys.executable, "-m", "tests.integration.sandbox.weakened")
    process = subprocess.Popen([*command, str(folder), without])
    try:
        wait_until_it_listens(process, folder / "sandbox.sock")
        address = ServiceAddress(path=str(folder / "sandbox.sock"))
        client = SandboxClient(address, SilentTelemetry())
        yield RunningSandbox(process=process, address=address, client=client)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
