"""A hostile server on loopback, and a client that may call it."""

from collections.abc import AsyncIterator

import pytest

from dify_hex.application.shared.outbound_http import OutboundHttp
from tests.fakes.hostile_server import HostileServer, hostile_server
from tests.fakes.outbound import ScriptedResolver, guarded_client


@pytest.fixture
async def server() -> AsyncIterator[HostileServer]:
    async with hostile_server() as running:
        yield running


@pytest.fixture
def resolver() -> ScriptedResolver:
    return ScriptedResolver()


@pytest.fixture
async def client(resolver: ScriptedResolver) -> AsyncIterator[OutboundHttp]:
    async with guarded_client(resolver=resolver) as guarded:
        yield guarded
