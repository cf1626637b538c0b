"""Identities on PostgreSQL, in tenants that no other test has."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from tests.builders.stored_identity import Begin, Stored, store_tenant


@pytest.fixture
def begin(engine: AsyncEngine) -> Begin:
    """Units of work."""
    return lambda tenant_id: SqlUnitOfWork(engine, tenant_id)


@pytest.fixture
async def stored(begin: Begin) -> Stored:
    """A tenant with an owner."""
    return await store_tenant(begin)


@pytest.fixture
async def other(begin: Begin) -> Stored:
    """Another tenant with another owner."""
    return await store_tenant(begin)
