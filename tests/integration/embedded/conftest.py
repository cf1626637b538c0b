"""A data folder per test, where servers of another user can reach it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.processes import processes_in


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder; when its test is over, no process may be left in it."""
    place = Path(tempfile.mkdtemp(prefix="dify-hex-test-"))
    place.chmod(0o711)
    yield place
    left = {part: processes_in(place / part) for part in ("postgres", "valkey", "model")}
    shutil.rmtree(place, ignore_errors=True)
    assert not any(left.values()), f"processes are left: {left}"


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
