"""Hostile code meets the walls, and gets nothing; and each wall has others behind it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.service_user import ServiceUser, give
from dify_hex.adapters.sandbox.client import SandboxClient
from dify_hex.adapters.sandbox.service_address import ServiceAddress
from dify_hex.application.shared.code_sandbox import CodeLimits
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.domain.shared.errors import DomainError
from tests.integration.sandbox.attacks import ATTACKS, OTHERS_WORD, Attack
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
        "sleep",
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


@pytest.mark.parametrize("without", SUCCEEDS_WITHOUT)
async def test_a_wall_has_others_behind_it(without: str, tmp_path: Path) -> None:
    with weakened(tmp_path, without) as sandbox:
        found = {
            attack.name
            for attack in ATTACKS
            if attack.name not in LONG and (await outcome_of(sandbox, attack))[0]
        }

    # The kernel of the day may refuse more of these by itself.
    assert found <= SUCCEEDS_WITHOUT[without]


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
