"""A data folder per test, where servers of another user can reach it."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.postgres import PostgresServer
from dify_hex.adapters.embedded.processes import processes_in


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that everyone may pass through; when it goes, no process may be left in it."""
    place = Path(tempfile.mkdtemp(prefix="dify-hex-test-"))
    place.chmod(0o711)
    yield place
    left = {part: processes_in(place / part) for part in ("postgres", "valkey", "model")}
    shutil.rmtree(place, ignore_errors=True)
    assert not any(left.values()), f"processes are left: {left}"


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A data folder that was never used."""
    with reachable_folder() as place:
        yield place


@pytest.fixture(scope="session")
def used_home() -> Iterator[Path]:
    """A data folder with a database in it, to be copied: making one takes longer."""
    with reachable_folder() as place:
        folder = DataFolder.open(place)
        log = os.open(folder.logs / "postgres.log", os.O_WRONLY | os.O_CREAT, 0o600)
        server = PostgresServer(folder, output=log)
        asyncio.run(server.start())
        asyncio.run(server.stop())
        os.close(log)
        yield place


@pytest.fixture
def home(used_home: Path) -> Iterator[Path]:
    """A data folder of the test's own that was used before."""
    with reachable_folder() as place:
        subprocess.run(["cp", "-a", f"{used_home}/.", place], check=True)
        yield place


@pytest.fixture
def folder(home: Path) -> DataFolder:
    """The data folder, opened."""
    return DataFolder.open(home)


@pytest.fixture
def output(home: Path) -> Iterator[int]:
    """Where the parts of a test may say what they like."""
    descriptor = os.open(home / "output.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    yield descriptor
    os.close(descriptor)
