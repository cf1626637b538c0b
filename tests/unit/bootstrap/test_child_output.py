"""What children say, kept in files of bounded size."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dify_hex.bootstrap import child_output
from dify_hex.bootstrap.child_output import ChildOutput


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    """The lines that came through."""
    return []


@pytest.fixture
async def output(tmp_path: Path, heard: list[tuple[str, str]]) -> AsyncIterator[ChildOutput]:
    """The output of a child named `api`."""
    made = ChildOutput("api", tmp_path, lambda name, line: heard.append((name, line)))
    made.listen()
    yield made
    made.close()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_lines_are_stored_and_passed_on(
    output: ChildOutput, tmp_path: Path, heard: list[tuple[str, str]]
) -> None:
    os.write(output.descriptor, b"one\ntw")
    await asyncio.sleep(0.01)
    os.write(output.descriptor, b"o\n")
    await asyncio.sleep(0.01)
    assert heard == [("api", "one"), ("api", "two")]
    assert (tmp_path / "api.log").read_text() == "one\ntwo\n"
    assert list(output.last_lines) == ["one", "two"]


async def test_a_full_file_is_put_aside_and_old_ones_are_dropped(
    output: ChildOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_output, "FILE_LIMIT", 5)
    for number in range(5):
        os.write(output.descriptor, f"line {number}\n".encode())
        await asyncio.sleep(0.01)
    assert names_in(tmp_path) == ["api.log", "api.log.1", "api.log.2"]
    assert (tmp_path / "api.log.1").read_text() == "line 4\n"


async def test_only_its_owner_reads_the_file(output: ChildOutput, tmp_path: Path) -> None:
    assert (tmp_path / "api.log").stat().st_mode & 0o077 == 0
