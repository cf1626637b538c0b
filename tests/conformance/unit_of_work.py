"""What every unit of work promises, whatever it stands on."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import EventId, TenantId
from tests.conformance.notes import NOW, Note, NoteNotFound, NotesWork, NoteTitleExists

BeginNotes = Callable[[TenantId], NotesWork]


class UnitOfWorkConformance:
    """Subclasses give the fixture `begin`."""

    @pytest.fixture
    def tenant_id(self) -> TenantId:
        return TenantId(uuid4())

    @pytest.fixture
    async def note_id(self, begin: BeginNotes, tenant_id: TenantId) -> UUID:
        return await add_note(begin, tenant_id, "first")

    async def test_what_was_committed_is_there(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as work:
            note = await work.notes.get(note_id)
        assert (note.title, note.version, note.stored_version) == ("first", 1, 1)

    async def test_leaving_without_commit_keeps_nothing(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as work:
            (await work.notes.get(note_id)).retitle("second")
        async with begin(tenant_id) as work:
            assert (await work.notes.get(note_id)).title == "first"

    async def test_a_loaded_aggregate_raises_no_old_events(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as work:
            assert (await work.notes.get(note_id)).pull_events() == ()

    async def test_one_id_is_one_object_within_a_unit_of_work(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as work:
            assert await work.notes.get(note_id) is await work.notes.get(note_id)

    async def test_the_version_rises_once_per_unit_of_work(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as work:
            note = await work.notes.get(note_id)
            note.retitle("second")
            note.retitle("third")
            await work.commit()
        async with begin(tenant_id) as work:
            note = await work.notes.get(note_id)
        assert (note.title, note.version) == ("third", 2)

    async def test_the_second_of_two_writers_is_told_that_its_version_is_stale(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as slow:
            note = await slow.notes.get(note_id)
            async with begin(tenant_id) as quick:
                (await quick.notes.get(note_id)).retitle("quick")
                await quick.commit()
            note.retitle("slow")
            with pytest.raises(StaleVersion):
                await slow.commit()
        async with begin(tenant_id) as work:
            assert (await work.notes.get(note_id)).title == "quick"

    async def test_a_tenant_does_not_see_another_ones(
        self, begin: BeginNotes, note_id: UUID
    ) -> None:
        async with begin(TenantId(uuid4())) as work:
            with pytest.raises(NoteNotFound):
                await work.notes.get(note_id)

    async def test_a_broken_rule_of_uniqueness_is_its_own_error_and_keeps_nothing(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        with pytest.raises(NoteTitleExists):
            await add_note(begin, tenant_id, "FIRST")
        async with begin(tenant_id) as work:
            assert (await work.notes.get(note_id)).title == "first"

    async def test_a_deleted_name_can_be_used_again(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as work:
            (await work.notes.get(note_id)).delete(NOW)
            await work.commit()
        again = await add_note(begin, tenant_id, "first")
        async with begin(tenant_id) as work:
            assert (await work.notes.get(again)).title == "first"
            with pytest.raises(NoteNotFound):
                await work.notes.get(note_id)

    async def test_a_removed_aggregate_is_gone(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as work:
            await work.notes.remove(await work.notes.get(note_id))
            await work.commit()
        async with begin(tenant_id) as work:
            with pytest.raises(NoteNotFound):
                await work.notes.get(note_id)

    async def test_a_removal_of_a_stale_version_is_refused(
        self, begin: BeginNotes, tenant_id: TenantId, note_id: UUID
    ) -> None:
        async with begin(tenant_id) as slow:
            await slow.notes.remove(await slow.notes.get(note_id))
            async with begin(tenant_id) as quick:
                (await quick.notes.get(note_id)).retitle("quick")
                await quick.commit()
            with pytest.raises(StaleVersion):
                await slow.commit()

    async def test_an_effect_is_marked_as_had_once_and_only_with_its_commit(
        self, begin: BeginNotes, tenant_id: TenantId
    ) -> None:
        event_id = EventId(uuid4())
        marks = []
        for commit in (False, True, True):
            async with begin(tenant_id) as work:
                marks.append(await work.mark_consumed("handler", event_id))
                if commit:
                    await work.commit()
        assert marks == [True, True, False]


async def add_note(begin: BeginNotes, tenant_id: TenantId, title: str) -> UUID:
    note_id = uuid4()
    async with begin(tenant_id) as work:
        work.notes.add(Note.create(id=note_id, tenant_id=tenant_id, title=title))
        await work.commit()
    return note_id
