"""Processes that are forked from one which has loaded everything."""

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import sleep

import pytest

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.processes import is_alive
from dify_hex.adapters.embedded.zygote_process import ZygoteProcess

PATIENCE = 20.0
PROGRAM = """
    import os, signal, socket, sys, time
    from dify_hex.adapters.embedded.zygote import Zygote, load_apart
    from dify_hex.application.shared.identity import new_id
    def load():
        {load}
    load_apart(load)
    control = socket.socket(fileno=int(sys.argv[1].partition("=")[2]))
    match Zygote(control, patience={patience}).serve():
        case "seven":
            sys.exit(7)
        case "identify":
            print(new_id(), flush=True)
        case "sleep":
            signal.pause()
"""


@asynccontextmanager
async def running(
    output: Path, load: str = "pass", patience: float = 60
) -> AsyncIterator[ZygoteProcess]:
    """A zygote, its own output in a file."""
    program = textwrap.dedent(PROGRAM).format(load=load, patience=patience)
    with output.open("wb") as heard:
        zygote = ZygoteProcess(
            (sys.executable, "-c", program), output=heard.fileno(), environment={"LC_ALL": "C"}
        )
        try:
            async with asyncio.timeout(PATIENCE):
                await zygote.start()
                yield zygote
        finally:
            await zygote.stop()


async def test_it_tells_how_its_children_end(tmp_path: Path) -> None:
    async with running(tmp_path / "out") as zygote:
        with (tmp_path / "child").open("wb") as output:
            seven = await zygote.fork("seven", output.fileno())
            sleeping = await zygote.fork("sleep", output.fileno())
        assert await seven.wait() == 7
        assert sleeping.is_running
        assert await sleeping.stop(((signal.SIGTERM, PATIENCE),)) == -signal.SIGTERM


async def test_no_two_children_make_the_same_ids(tmp_path: Path) -> None:
    async with running(tmp_path / "out", load="new_id()") as zygote:
        with (tmp_path / "ids").open("wb") as output:
            for _ in range(8):
                assert await (await zygote.fork("identify", output.fileno())).wait() == 0
    said = (tmp_path / "ids").read_text().split()
    assert len(set(said)) == 8
    # The end of it is nothing but chance.
    assert len({line[-13:] for line in said}) == 8


async def test_a_child_is_listed_under_its_own_name(tmp_path: Path) -> None:
    async with running(tmp_path / "out") as zygote:
        with (tmp_path / "child").open("wb") as output:
            child = await zygote.fork("sleep", output.fileno())
        await asyncio.to_thread(wait_until_named, child.pid, b"sleep")
        assert not named(zygote.pid or 0, b"sleep")


def named(pid: int, name: bytes) -> bool:
    return name in Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")[-1:]


def wait_until_named(pid: int, name: bytes) -> None:
    while not named(pid, name):
        sleep(0.01)


async def test_its_children_end_with_it(tmp_path: Path) -> None:
    async with running(tmp_path / "out") as zygote:
        with (tmp_path / "child").open("wb") as output:
            child = await zygote.fork("sleep", output.fileno())
        os.kill(zygote.pid or 0, signal.SIGKILL)
        assert await child.wait() == -signal.SIGTERM
        assert not is_alive(child.pid)
        assert await zygote.exited() == -signal.SIGKILL


async def test_started_again_it_forks_again(tmp_path: Path) -> None:
    async with running(tmp_path / "out") as zygote:
        os.kill(zygote.pid or 0, signal.SIGKILL)
        await zygote.exited()
        with (tmp_path / "child").open("wb") as output:
            waiting = asyncio.create_task(zygote.fork("seven", output.fileno()))
            await asyncio.sleep(0.1)
            await zygote.start()
            child = await waiting
        assert await child.wait() == 7


async def test_it_rests_meanwhile_and_forks_when_it_is_asked(tmp_path: Path) -> None:
    async with running(tmp_path / "out", patience=0.05) as zygote:
        with (tmp_path / "child").open("wb") as output:
            before = await zygote.fork("sleep", output.fileno())
            await asyncio.to_thread(wait_until_resting, zygote.pid or 0)
            os.kill(before.pid, signal.SIGKILL)
            assert await before.wait() == -signal.SIGKILL
            after = await zygote.fork("seven", output.fileno())
        assert await after.wait() == 7
        await asyncio.to_thread(wait_until_resting, zygote.pid or 0)


def wait_until_resting(pid: int) -> None:
    while b"resting_zygote" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        sleep(0.01)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        ("raise RuntimeError('no such module')", "no such module"),
        (
            "import threading; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
            "something loaded has started one",
        ),
    ],
)
async def test_one_that_cannot_fork_safely_does_not_begin(
    tmp_path: Path, load: str, reason: str
) -> None:
    with pytest.raises(EmbeddedPartFailed, match="ended with status 1 before it was ready"):
        async with running(tmp_path / "out", load=load):
            pass
    assert reason in (tmp_path / "out").read_text()
