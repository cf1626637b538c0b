"""One sandbox service for all tests that do it no harm."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.integration.sandbox.running_sandbox import RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def libraries() -> Iterator[Path]:
    """NumPy and pandas as an operator installs them: in a folder of their own, not in /tmp."""
    installed = Path(np.__file__).parents[1]
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    for name in ("numpy", "numpy.libs", "pandas", "pandas.libs", "dateutil", "tzdata"):
        if (installed / name).is_dir():
            shutil.copytree(installed / name, folder / name, ignore=shutil.ignore_patterns("tests"))
    shutil.copy(installed / "six.py", folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, libraries: Path) -> Iterator[RunningSandbox]:
    """A service with the default settings."""
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, DIFY_HEX_SANDBOX_LIBRARIES=str(libraries)) as running:
        yield running
