"""Servers for the product where the environment names some; else it starts its own."""

from collections.abc import Iterator

import pytest

from tests.fakes.servers import are_given, own_database


@pytest.fixture(scope="module")
def server_variables(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """What tells the product of the servers that are given, with a database for this module."""
    if not are_given():
        yield {}
        return
    with own_database(request.getfixturevalue("servers")) as own:
        yield own.variables()
