"""Connections of each role to the session's database, and the sample slice's table."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from dify_hex.adapters.persistence.constraints import CONSTRAINT_ERRORS
from dify_hex.domain.shared.ids import TenantId
from tests.conformance.notes import NoteTitleExists
from tests.integration.persistence.sample_slice import NOTE_TITLE_UNIQUE, notes_table


@pytest.fixture
async def notes(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """The sample slice's table."""
    async with notes_table(owner):
        yield


@pytest.fixture
def note_constraints(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample slice's line in the table of constraints."""
    monkeypatch.setitem(CONSTRAINT_ERRORS, NOTE_TITLE_UNIQUE, NoteTitleExists)


@pytest.fixture
def tenant_id() -> TenantId:
    """A tenant that nobody else uses."""
    return TenantId(uuid4())


@pytest.fixture
def other_tenant_id() -> TenantId:
    """Another tenant."""
    return TenantId(uuid4())
