"""Apps on PostgreSQL, of a tenant that no other test has."""

from collections.abc import Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.app.reader import SqlAppReader, SqlAppVersionReader
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.domain.shared.ids import TenantId

Begin = Callable[[TenantId], SqlUnitOfWork]


@pytest.fixture
def begin(engine: AsyncEngine) -> Begin:
    """Units of work."""
    return lambda tenant_id: SqlUnitOfWork(engine, tenant_id)


@pytest.fixture
def apps(engine: AsyncEngine) -> SqlAppReader:
    """The reader of apps."""
    return SqlAppReader(tenant_reads(engine))


@pytest.fixture
def versions(engine: AsyncEngine) -> SqlAppVersionReader:
    """The reader of versions."""
    return SqlAppVersionReader(tenant_reads(engine))
