"""The unit of work in memory keeps the promises of the one on PostgreSQL."""

from collections.abc import Hashable
from functools import cached_property
from uuid import UUID, uuid4

import pytest

from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId
from tests.conformance.notes import (
    Note,
    NoteNotFound,
    NoteRepository,
    NoteRetitled,
    NoteTitleExists,
)
from tests.conformance.unit_of_work import UnitOfWorkConformance, add_note
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork, Unique


class MemoryNoteRepository(NoteRepository):
    """Notes in memory."""

    def __init__(self, table: MemoryTable[Note]) -> None:
        self._table = table

    async def get(self, note_id: UUID) -> Note:
        note = self._table.find(note_id)
        if note is None or note.deleted_at is not None:
            raise NoteNotFound
        return note

    def add(self, note: Note) -> None:
        self._table.add(note.id, note)

    async def remove(self, note: Note) -> None:
        self._table.remove(note.id)


class MemoryNotesWork(MemoryWork):
    """A unit of work that knows notes."""

    @cached_property
    def notes(self) -> MemoryNoteRepository:
        return MemoryNoteRepository(self.table(Note, unique=[Unique(title_of, NoteTitleExists)]))


def title_of(note: Note) -> Hashable | None:
    return note.title.lower() if note.deleted_at is None else None


class TestMemoryWork(UnitOfWorkConformance):
    """In memory."""

    @pytest.fixture
    def database(self) -> MemoryDatabase:
        return MemoryDatabase()

    @pytest.fixture
    def begin(self, database: MemoryDatabase) -> object:
        return database.begin_with(MemoryNotesWork)

    async def test_committed_events_can_be_asserted_on(self, database: MemoryDatabase) -> None:
        begin = database.begin_with(MemoryNotesWork)
        tenant_id = TenantId(uuid4())
        note_id = await add_note(begin, tenant_id, "first")
        for title, commit in (("kept", True), ("dropped", False)):
            async with begin(tenant_id) as work:
                (await work.notes.get(note_id)).retitle(title)
                if commit:
                    await work.commit()
        assert [event.title for event in database.events_of(NoteRetitled)] == ["kept"]
        assert database.events_named("note.retitled") == database.events
        assert [note.title for note in database.all(Note)] == ["kept"]

    async def test_a_commit_can_be_made_to_fail(self, database: MemoryDatabase) -> None:
        begin = database.begin_with(MemoryNotesWork)
        database.failure = Unavailable(dependency="database")
        with pytest.raises(Unavailable):
            await add_note(begin, TenantId(uuid4()), "first")
        assert database.all(Note) == []
