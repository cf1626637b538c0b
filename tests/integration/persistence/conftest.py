"""Connections of each role to the session's database, and the sample slice's table."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from dify_hex.domain.shared.ids import TenantId
from tests.integration.persistence.sample_slice import notes_table


@pytest.fixture
async def notes(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """The sample slice's table."""
    async with notes_table(owner):
        yield


@pytest.fixture
def tenant_id() -> TenantId:
    """A tenant that nobody else uses."""
    return TenantId(uuid4())


@pytest.fixture
def other_tenant_id() -> TenantId:
    """Another tenant."""
    return TenantId(uuid4())
