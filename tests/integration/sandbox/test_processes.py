"""The sandbox's processes: killed, stopped, flooded, and started by somebody who is not root."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from dify_hex.adapters.sandbox.client import SandboxClient
from dify_hex.adapters.sandbox.service_address import ServiceAddress
from dify_hex.application.shared.code_failures import (
    SandboxBusy,
    SandboxRefuses,
    SandboxUnavailable,
)
from dify_hex.application.shared.code_sandbox import CodeExecution, CodeLimits, CodeProfile
from dify_hex.application.shared.telemetry import SilentTelemetry
from tests.integration.sandbox.running_sandbox import (
    TENANT,
    RunningSandbox,
    another_tenant,
    running_sandbox,
    start,
    wait_until_it_listens,
)

SUM = "def main(a, b):\n    return {'sum': a + b}"
SLEEP = "import time\ndef main(): time.sleep(60)\n"
SPIN = "def main():\n    while True: pass\n"


async def until(sandbox: RunningSandbox, is_so: Callable[[Mapping[str, Any]], bool]) -> None:
    """Wait for the service to be in a state."""
    async with asyncio.timeout(20):
        while not is_so(await sandbox.client.standing()):  # noqa: ASYNC110 - another's state
            await asyncio.sleep(0.01)


@asynccontextmanager
async def at_work(
    sandbox: RunningSandbox, code: str = SLEEP
) -> AsyncIterator["asyncio.Task[object]"]:
    """Code that is running, and does not end by itself."""
    limits = CodeLimits(seconds=30)
    task: asyncio.Task[object] = asyncio.create_task(sandbox.run(code, limits=limits))
    await until(sandbox, lambda standing: standing["running"] > 0)
    # Its zygote may have to start first, and fork.
    await until(sandbox, lambda standing: standing["profiles"]["python"]["pid"] is not None)
    await asyncio.sleep(0.5)
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_each_result_goes_to_who_asked(sandbox: RunningSandbox) -> None:
    tenants = [another_tenant() for _ in range(5)]

    async def ask(number: int) -> None:
        result = await sandbox.run(SUM, tenant=tenants[number % 5], a=number, b=0)
        assert result.outputs == {"sum": number}

    await asyncio.gather(*(ask(number) for number in range(200)))


async def test_code_leaves_nothing_for_the_next(sandbox: RunningSandbox) -> None:
    poison = (
        "import builtins, json, os, sys\n"
        "def main():\n"
        "    open('left', 'w').write('x')\n"
        "    json.dumps = builtins.len = None\n"
        "    sys.modules['math'] = os.environ['LEFT'] = 'x'\n"
        "    return {}\n"
    )
    look = (
        "import json, math, os\n"
        "def main():\n"
        "    return {'files': os.listdir(), 'environment': 'LEFT' in os.environ,\n"
        "            'length': len('four'), 'pi': json.dumps(round(math.pi))}\n"
    )
    with pytest.raises(Exception, match=r"ValueError|no builtins|ended"):
        await sandbox.run(poison + "    raise ValueError")

    result = await sandbox.run(look)

    assert result.outputs == {"files": [], "environment": False, "length": 4, "pi": "3"}


async def test_a_killed_zygote_is_replaced(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        async with at_work(sandbox) as running:
            pid = (await sandbox.client.standing())["profiles"]["python"]["pid"]
            os.kill(pid, signal.SIGKILL)

            with pytest.raises(SandboxUnavailable):
                await running
        assert (await sandbox.run(SUM, a=1, b=2)).outputs == {"sum": 3}


async def test_a_killed_service_takes_everything_with_it(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        async with at_work(sandbox, SPIN) as running:
            family = psutil.Process(sandbox.process.pid).children(recursive=True)
            assert len(family) >= 3
            sandbox.process.kill()

            with pytest.raises(SandboxUnavailable):
                await running
        await asyncio.to_thread(psutil.wait_procs, family, 20)
        assert not [process for process in family if process.is_running()]

        again = start(tmp_path)
        try:
            assert (await sandbox.run(SUM, a=1, b=2)).outputs == {"sum": 3}
        finally:
            again.terminate()
            again.wait(10)


async def test_a_stopped_service_leaves_nothing(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        async with at_work(sandbox, SPIN) as running:
            family = psutil.Process(sandbox.process.pid).children(recursive=True)
            sandbox.process.terminate()

            with pytest.raises(SandboxUnavailable):
                await running
        assert await asyncio.to_thread(sandbox.process.wait, 10) == 0
    await asyncio.to_thread(psutil.wait_procs, family, 20)
    assert not [process for process in family if process.is_running()]
    with pytest.raises(SandboxUnavailable):
        await sandbox.run(SUM, a=1, b=2)


async def test_a_caller_who_leaves_ends_the_code(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        async with at_work(sandbox, SPIN) as running:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

            await until(sandbox, lambda standing: standing["running"] == 0)


async def test_a_full_queue_says_so(tmp_path: Path) -> None:
    with running_sandbox(
        tmp_path, DIFY_HEX_SANDBOX_RUNNING="2", DIFY_HEX_SANDBOX_WAITING="1"
    ) as sandbox:
        async with at_work(sandbox):
            waiting = asyncio.create_task(sandbox.run(SLEEP))
            await until(sandbox, lambda standing: standing["waiting"] == 1)

            with pytest.raises(SandboxBusy) as busy:
                await sandbox.run(SUM, a=1, b=2)

            assert busy.value.retry_after is not None
            assert 1 <= busy.value.retry_after <= 30
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await until(sandbox, lambda standing: standing["waiting"] == 0)


async def test_callers_on_other_machines_show_a_token(tmp_path: Path) -> None:
    port = 18_000 + os.getpid() % 10_000
    process = on_port(tmp_path, port)
    execution = CodeExecution(
        tenant_id=TENANT, profile=CodeProfile.PYTHON, code=SUM, inputs={"a": 1, "b": 2}
    )
    try:
        url = f"tcp://127.0.0.1:{port}"
        right = SandboxClient(ServiceAddress.parse(url, "right"), SilentTelemetry())
        wrong = SandboxClient(ServiceAddress.parse(url, "wrong"), SilentTelemetry())
        await asyncio.to_thread(wait_for_port, port)
        result = await right.run(execution)
        assert result.outputs == {"sum": 3}
        with pytest.raises(SandboxUnavailable):
            await wrong.run(execution)
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(port: int) -> None:
    """Return when somebody accepts connections there."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("nobody listens")


def on_port(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """A service on a port."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "dify_hex.bootstrap.cli", "sandbox"],
        env={
            "DIFY_HEX_HOME": str(folder),
            "DIFY_HEX_SANDBOX_LISTEN": f"tcp://127.0.0.1:{port}",
            "DIFY_HEX_SANDBOX_TOKEN": "right",
        },
    )


def test_a_network_without_a_token_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "dify_hex.bootstrap.cli", "sandbox"],
        env={"DIFY_HEX_HOME": str(tmp_path), "DIFY_HEX_SANDBOX_LISTEN": "tcp://127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 1
    assert "DIFY_HEX_SANDBOX_TOKEN" in done.stderr


@pytest.mark.parametrize("missing", ["seccomp", "landlock", "rlimits"])
async def test_too_few_walls_run_no_code(tmp_path: Path, missing: str) -> None:
    with strictly(tmp_path, missing) as sandbox:
        with pytest.raises(SandboxRefuses) as refused:
            await sandbox.run(SUM, a=1, b=2)

        assert refused.value.details == {"lacking": [missing]}
        assert (await sandbox.client.standing())["walls"]["lacking"] == [missing]


async def test_the_namespaces_may_be_missing(open_folder: Path) -> None:
    with strictly(open_folder, "user") as sandbox:
        code = (
            "def main():\n    open('x', 'w').write('y' * 9)\n    return {'text': open('x').read()}"
        )
        assert (await sandbox.run(code)).outputs == {"text": "y" * 9}
        left = list((open_folder / "scratch").glob("*/*"))
        standing = await sandbox.client.standing()

    assert len(left) <= 1, "only the folder of the cell that waits"
    assert not standing["walls"]["lacking"]
    assert standing["walls"]["down"]["mount namespace"] == "needs the user namespace"


@pytest.mark.parametrize(
    ("denied", "stands"),
    [("user", False), ("net", False), ("pid", False), ("mnt", True)],
)
async def test_a_container_may_deny_namespaces(
    open_folder: Path, denied: str, stands: bool
) -> None:
    # As in a container: root of a user namespace that has no other user, and may make no more.
    forbid = f'echo 0 > /proc/sys/user/max_{denied}_namespaces; exec "$@"'
    with running_sandbox(
        open_folder, before=("unshare", "-Ur", "sh", "-c", forbid, "sh")
    ) as sandbox:
        code = "def main():\n  open('x', 'w').write('y')\n  return {'text': open('x').read()}"
        assert (await sandbox.run(code)).outputs == {"text": "y"}
        walls = (await sandbox.client.standing())["walls"]

    assert not walls["lacking"]
    assert {"seccomp", "landlock", "rlimits", "capabilities"} <= set(walls["up"])
    assert ("network namespace" in walls["up"]) == stands
    assert "No space left" in walls["down"]["mount namespace"]


@contextmanager
def strictly(folder: Path, without: str) -> Iterator[RunningSandbox]:
    """A service whose operator accepts nothing that is missing."""
    folder.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sandbox.weakened", str(folder), without, "-"]
    )
    try:
        wait_until_it_listens(process, folder / "sandbox.sock")
        address = ServiceAddress(path=str(folder / "sandbox.sock"))
        client = SandboxClient(address, SilentTelemetry())
        yield RunningSandbox(process=process, address=address, client=client)
    finally:
        process.terminate()
        process.wait(10)
