"""What takes minutes: executions by the thousand, and processes that do not get on."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from dify_hex.application.shared.code_failures import SandboxUnavailable
from tests.integration.sandbox.running_sandbox import (
    RunningSandbox,
    another_tenant,
    running_sandbox,
)

pytestmark = pytest.mark.soak

_WARM_UP, _EXECUTIONS, _CALLERS = 3_000, 50_000, 16
#: Bytes that allocators may keep; an execution that left a hundred would leave more.
_SLACK = 4 << 20
CODE = (
    "import os, threading\n"
    "def main(n):\n"
    "    open('left', 'w').write('x' * 1000)\n"
    "    thread = threading.Thread(target=print, args=(n,)); thread.start(); thread.join()\n"
    "    return {'n': n, 'text': 'x' * 1000}\n"
)


async def work(sandbox: RunningSandbox, executions: int) -> None:
    left = executions

    async def call() -> None:
        nonlocal left
        tenant = another_tenant()
        while left > 0:
            left -= 1
            number = left
            assert (await sandbox.run(CODE, tenant=tenant, n=number)).outputs["n"] == number

    await asyncio.gather(*(call() for _ in range(_CALLERS)))


def standing_family(sandbox: RunningSandbox) -> list[psutil.Process]:
    """The service and its zygote with its guardian; cells come and go."""
    service = psutil.Process(sandbox.process.pid)
    guardian = service.children()[0]
    return [service, guardian, *guardian.children()]


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, DIFY_HEX_LOG_LEVEL="WARNING") as sandbox:
        await work(sandbox, _WARM_UP)
        family = standing_family(sandbox)
        memory = sum(process.memory_info().rss for process in family)
        descriptors = [process.num_fds() for process in family]

        await work(sandbox, _EXECUTIONS)
        await asyncio.sleep(1)

        assert standing_family(sandbox) == family
        assert sum(process.memory_info().rss for process in family) - memory < _SLACK
        for before, process in zip(descriptors, family, strict=True):
            assert process.num_fds() <= before + 2
        cells = psutil.Process(family[-1].pid).children(recursive=True)
        assert len(cells) <= 1, "only the one that waits"
        assert len(os.listdir(tmp_path / "sandbox" / "scratch")) <= 1  # noqa: PTH208 - names only


async def test_a_machine_that_stalls_loses_nothing(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        await work(sandbox, _CALLERS)
        _, guardian, zygote = standing_family(sandbox)

        zygote.send_signal(signal.SIGSTOP)
        working = asyncio.create_task(work(sandbox, 2 * _CALLERS))
        await asyncio.sleep(13)
        zygote.send_signal(signal.SIGCONT)

        await working
        assert standing_family(sandbox)[1:] == [guardian, zygote]


async def test_a_zygote_that_hangs_is_replaced(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        await work(sandbox, 1)
        _, guardian, zygote = standing_family(sandbox)

        zygote.send_signal(signal.SIGSTOP)

        # The cell that stood ready has nobody who could tell of its end.
        with pytest.raises(SandboxUnavailable):
            await work(sandbox, 1)
        await work(sandbox, _CALLERS)
        assert standing_family(sandbox)[1:] != [guardian, zygote]
        gone, _ = await asyncio.to_thread(psutil.wait_procs, [zygote], 2)
        assert gone == [zygote]
