"""Segments that are added, edited, switched and deleted by hand, and found accordingly."""

from dataclasses import replace

import pytest

from dify_hex.application.knowledge.add_segment import AddSegment, AddSegmentCommand
from dify_hex.application.knowledge.delete_segment import DeleteSegment, DeleteSegmentCommand
from dify_hex.application.knowledge.edit_segment import EditSegment, EditSegmentCommand
from dify_hex.application.knowledge.index_ports import VectorQuery
from dify_hex.application.knowledge.segment_indexing import SegmentIndexing
from dify_hex.application.knowledge.switch_segment import SwitchSegment, SwitchSegmentCommand
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.errors import DocumentNotFound
from dify_hex.domain.knowledge.segment_errors import (
    SegmentContentInvalid,
    SegmentHasParent,
    SegmentNotFound,
)
from dify_hex.domain.knowledge.settings import (
    KnowledgeSettings,
    SegmentationMode,
    SegmentationSettings,
)
from dify_hex.domain.knowledge.stored_segment import Segment, SegmentState
from dify_hex.domain.model_provider.errors import ModelUnavailable
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import DocumentId, SegmentId, TenantId
from tests.builders.app import actor
from tests.builders.knowledge import MODEL, NOW, OTHER_MODEL, TENANT, Desk, SpacedTerms
from tests.fakes.hand_segments import Handwork, MemorySegmentWork

EDITOR = actor(tenant_id=TENANT)
READER = actor(Permission.KNOWLEDGE_READ, tenant_id=TENANT)
CHILDREN = KnowledgeSettings(
    embedding=MODEL,
    segmentation=SegmentationSettings(
        mode=SegmentationMode.PARENT_CHILD, max_tokens=64, overlap_tokens=0, child_max_tokens=16
    ),
)


class Bench:
    """A Knowledge with one document, and hands at work on its segments."""

    def __init__(self, settings: KnowledgeSettings | None = None) -> None:
        self.desk = Desk() if settings is None else Desk(settings)
        self.done = Handwork()
        self.document: Document
        self._with = {
            "begin": self.begin,
            "clock": self.desk.clock,
            "indexing": SegmentIndexing(embeddings=self.desk.embeddings, analyser=SpacedTerms()),
            "measure": lambda text: len(text.split()),
        }

    async def open(self) -> "Bench":
        await self.desk.open()
        self.document = await self.desk.bring("Lamps are lit at dusk.")
        return self

    def begin(self, tenant_id: TenantId) -> MemorySegmentWork:
        return MemorySegmentWork(self.desk.database, tenant_id, self.desk.shelves, self.done)

    async def keep(self, **changes: object) -> Segment:
        """A segment that was read out of the document."""
        state = SegmentState(
            position=1,
            content="Lamps are lit at dusk.",
            source_hash=b"lamps",
            tokens=5,
            headings=("Guide",),
            created_at=NOW,
            updated_at=NOW,
        )
        segment = Segment(
            id=SegmentId(new_id()),
            tenant_id=TENANT,
            knowledge_id=self.document.knowledge_id,
            document_id=self.document.id,
            version=0,
            state=replace(state, **changes),  # type: ignore[arg-type] # a test changes what it likes
        )
        segment._changed()
        async with self.begin(TENANT) as work:
            await work.single_segments.add(segment)
            await work.commit()
        return segment

    async def find(self, segment_id: SegmentId) -> Segment:
        async with self.begin(TENANT) as work:
            return await work.single_segments.get(segment_id)

    async def found(self, length: int = 2) -> set[SegmentId]:
        """What a search by meaning finds."""
        query = VectorQuery(
            knowledge_id=self.document.knowledge_id, vector=(1.0,) * length, limit=10
        )
        async with self.begin(TENANT) as work:
            return {each.segment_id for each in await work.vectors.search(query)}

    def terms(self, segment_id: SegmentId) -> list[str]:
        return list(self.desk.shelf.keywords[segment_id].terms)

    async def add(self, content: str, document_id: DocumentId | None = None) -> SegmentId:
        command = AddSegmentCommand(document_id=document_id or self.document.id, content=content)
        return await AddSegment(**self._with).execute(EDITOR, command)  # type: ignore[arg-type] # by name

    async def edit(self, segment_id: SegmentId, content: str, version: int | None = None) -> None:
        command = EditSegmentCommand(
            segment_id=segment_id, content=content, expected_version=version
        )
        await EditSegment(**self._with).execute(EDITOR, command)  # type: ignore[arg-type] # by name

    async def switch(self, segment_id: SegmentId, *, enabled: bool) -> None:
        command = SwitchSegmentCommand(segment_id=segment_id, enabled=enabled)
        await SwitchSegment(begin=self.begin, clock=self.desk.clock).execute(EDITOR, command)

    async def delete(self, segment_id: SegmentId, version: int | None = None) -> None:
        command = DeleteSegmentCommand(segment_id=segment_id, expected_version=version)
        await DeleteSegment(begin=self.begin).execute(EDITOR, command)

    async def other_model(self) -> None:
        """Another embedding model takes over."""
        async with self.begin(TENANT) as work:
            knowledge = await work.knowledge.get(self.document.knowledge_id)
            wanted = replace(knowledge.state.settings, embedding=OTHER_MODEL)
            knowledge.configure(wanted, now=NOW, by=None)
            knowledge.adopt_embedding(now=NOW)
            await work.commit()


@pytest.fixture
async def bench() -> Bench:
    return await Bench().open()


async def test_an_added_segment_is_kept_and_found(bench: Bench) -> None:
    segment_id = await bench.add("  Gulls steal herring. ")

    segment = await bench.find(segment_id)
    assert (segment.state.content, segment.state.tokens) == ("Gulls steal herring.", 3)
    assert await bench.found() == {segment_id}
    assert bench.terms(segment_id) == ["Gulls", "steal", "herring."]


async def test_nothing_is_added_to_a_document_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(DocumentNotFound):
        await bench.add("x", DocumentId(new_id()))


async def test_an_empty_segment_is_refused_before_anything_is_embedded(bench: Bench) -> None:
    with pytest.raises(SegmentContentInvalid):
        await bench.add(" ")
    assert bench.desk.embeddings.sent == {}


async def test_what_cannot_be_embedded_is_not_added(bench: Bench) -> None:
    bench.desk.embeddings.errors.append(ModelUnavailable(dependency="model"))
    with pytest.raises(ModelUnavailable):
        await bench.add("x")
    assert bench.desk.database.all(Segment) == []


async def test_where_no_vectors_are_kept_a_segment_is_found_by_its_words(bench: Bench) -> None:
    bench.desk.shelf.vectors.is_unavailable = True
    segment_id = await bench.add("Gulls steal herring.")
    assert bench.terms(segment_id) == ["Gulls", "steal", "herring."]


async def test_a_segment_does_not_come_into_an_index_of_another_model(bench: Bench) -> None:
    bench.desk.embeddings.on_next = bench.other_model
    with pytest.raises(StaleVersion):
        await bench.add("x")
    assert bench.desk.database.all(Segment) == []
    assert await bench.found(3) == set()


async def test_an_edited_segment_is_found_by_its_new_words_below_its_headings(
    bench: Bench,
) -> None:
    segment = await bench.keep()
    await bench.edit(segment.id, "Whales sing.", segment.version)
    edited = await bench.find(segment.id)
    assert (edited.state.content, edited.state.is_edited) == ("Whales sing.", True)
    assert bench.terms(segment.id) == ["Guide", "Whales", "sing."]
    assert await bench.found() == {segment.id}


async def test_editing_to_the_same_text_asks_no_model(bench: Bench) -> None:
    segment = await bench.keep()
    await bench.edit(segment.id, " Lamps are lit at dusk. ")
    assert bench.desk.embeddings.sent == {}
    assert (await bench.find(segment.id)).version == segment.version


async def test_an_edit_of_what_was_changed_meanwhile_is_refused(bench: Bench) -> None:
    segment = await bench.keep()
    with pytest.raises(StaleVersion):
        await bench.edit(segment.id, "x", segment.version + 1)

    async def disable() -> None:
        await bench.switch(segment.id, enabled=False)

    bench.desk.embeddings.on_next = disable
    with pytest.raises(StaleVersion):
        await bench.edit(segment.id, "Whales sing.")
    assert await bench.found() == set()


async def test_children_are_cut_anew_out_of_an_edited_parent() -> None:
    bench = await Bench(CHILDREN).open()
    segment = await bench.keep(has_children=True)
    await bench.edit(segment.id, "Whales sing in the cold and dark winter. " * 5)
    children = bench.done.children[segment.id]
    assert len(children) > 1
    assert await bench.found() == {child_id for child_id, _ in children}


async def test_a_parent_whose_knowledge_wants_no_children_any_more_gets_a_single_one(
    bench: Bench,
) -> None:
    segment = await bench.keep(has_children=True)
    await bench.edit(segment.id, "Whales sing.")
    [(child_id, content)] = bench.done.children[segment.id]
    assert content == "Whales sing."
    assert await bench.found() == {child_id}


async def test_a_segment_is_switched_once(bench: Bench) -> None:
    segment = await bench.keep()
    await bench.switch(segment.id, enabled=False)
    await bench.switch(segment.id, enabled=False)
    await bench.switch(segment.id, enabled=True)
    assert bench.done.switched == [(segment.id, False), (segment.id, True)]


async def test_a_deleted_segment_is_removed_with_its_index(bench: Bench) -> None:
    segment = await bench.keep()
    with pytest.raises(StaleVersion):
        await bench.delete(segment.id, segment.version + 1)
    await bench.delete(segment.id, segment.version)
    assert bench.done.removed == [segment.id]


async def test_a_child_is_changed_through_its_parent_only(bench: Bench) -> None:
    child = await bench.keep(parent_id=SegmentId(new_id()))
    with pytest.raises(SegmentHasParent):
        await bench.edit(child.id, "x")
    with pytest.raises(SegmentHasParent):
        await bench.switch(child.id, enabled=False)
    with pytest.raises(SegmentHasParent):
        await bench.delete(child.id)


async def test_a_segment_that_is_not_there_is_not_found(bench: Bench) -> None:
    with pytest.raises(SegmentNotFound):
        await bench.edit(SegmentId(new_id()), "x")
    with pytest.raises(SegmentNotFound):
        await bench.delete(SegmentId(new_id()))


async def test_who_may_only_read_changes_nothing(bench: Bench) -> None:
    segment_id = SegmentId(new_id())
    parts = bench._with
    with pytest.raises(PermissionDenied):
        await AddSegment(**parts).execute(  # type: ignore[arg-type] # by name
            READER, AddSegmentCommand(document_id=bench.document.id, content="x")
        )
    with pytest.raises(PermissionDenied):
        await EditSegment(**parts).execute(  # type: ignore[arg-type] # by name
            READER, EditSegmentCommand(segment_id=segment_id, content="x")
        )
    with pytest.raises(PermissionDenied):
        await SwitchSegment(begin=bench.begin, clock=bench.desk.clock).execute(
            READER, SwitchSegmentCommand(segment_id=segment_id, enabled=True)
        )
    with pytest.raises(PermissionDenied):
        await DeleteSegment(begin=bench.begin).execute(
            READER, DeleteSegmentCommand(segment_id=segment_id)
        )
