"""One sandbox service for all tests that do it no harm."""

from collections.abc import Iterator

import pytest

from tests.integration.sandbox.running_sandbox import RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A service with the default settings."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running
