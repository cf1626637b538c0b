"""The unit of work on PostgreSQL keeps the promises of every unit of work."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.domain.shared.ids import TenantId
from tests.conformance.unit_of_work import BeginNotes, UnitOfWorkConformance
from tests.integration.persistence.sample_slice import NoteWork


@pytest.mark.usefixtures("notes", "note_constraints")
class TestSqlUnitOfWork(UnitOfWorkConformance):
    """On PostgreSQL."""

    @pytest.fixture
    def begin(self, engine: AsyncEngine) -> BeginNotes:
        def begin(tenant_id: TenantId) -> NoteWork:
            return NoteWork(engine, tenant_id)

        return begin
