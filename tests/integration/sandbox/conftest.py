"""One sandbox service for all tests that do it no harm."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sandbox.running_sandbox import (
    RunningSandbox,
    installed_libraries,
    running_sandbox,
)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A service with the default settings, and all profiles installed."""
    folder = tmp_path_factory.mktemp("sandbox")
    with (
        installed_libraries() as libraries,
        running_sandbox(folder, DIFY_HEX_SANDBOX_LIBRARIES=str(libraries)) as running,
    ):
        yield running


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass through."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)
