"""Segments that hands change while their document is indexed: what is found is what is stored."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Row, text

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.knowledge.add_segment import AddSegment, AddSegmentCommand
from dify_hex.application.knowledge.delete_segment import DeleteSegment, DeleteSegmentCommand
from dify_hex.application.knowledge.edit_segment import EditSegment, EditSegmentCommand
from dify_hex.application.knowledge.index_ports import KeywordQuery, VectorQuery
from dify_hex.application.knowledge.indexing.embed import Embed
from dify_hex.application.knowledge.indexing.indexing_round import IndexingRound
from dify_hex.application.knowledge.ports import EmbeddedTexts
from dify_hex.application.knowledge.segment_indexing import SegmentIndexing
from dify_hex.application.knowledge.switch_segment import SwitchSegment, SwitchSegmentCommand
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.knowledge.segment_errors import SegmentNotFound
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import SegmentId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig
from tests.builders.app import actor
from tests.builders.knowledge import (
    NOW,
    CountedEmbeddings,
    SpacedTerms,
    StandingClock,
    job_for,
)
from tests.builders.stored_knowledge import Begin, added, keep, made
from tests.integration.persistence.knowledge.test_segments import draft

pytestmark = pytest.mark.pgvector

_OF_DOCUMENT = text("""
SELECT id, content, indexed_at IS NOT NULL AS is_indexed, has_children FROM segments
WHERE document_id = :document_id ORDER BY position
""")
_HELD = {
    "vectors": text("SELECT segment_id FROM segment_vectors WHERE document_id = :document_id"),
    "words": text("SELECT segment_id FROM keyword_entries WHERE document_id = :document_id"),
}
#: Of those who wait for each other, whoever they are.
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
_ALL_OF_IT = [
    text(f"SELECT FROM {table} WHERE knowledge_id = :knowledge_id FOR UPDATE NOWAIT")
    for table in ("segments", "segment_vectors", "keyword_entries", "index_totals")
]
_COUNTED = text("""
SELECT coalesce(sum(segments), 0) AS words, coalesce(sum(vectors), 0) AS vectors
FROM index_totals WHERE knowledge_id = :knowledge_id
""")


class MeetingEmbeddings(CountedEmbeddings):
    """Answers when as many as are expected have asked, so that all go on at the same moment."""

    def __init__(self, expected: int) -> None:
        super().__init__()
        self._barrier = asyncio.Barrier(expected)

    async def embed(
        self, tenant_id: TenantId, model: ModelConfig, texts: Sequence[str]
    ) -> EmbeddedTexts:
        await self._barrier.wait()
        return await super().embed(tenant_id, model, texts)


class Hands:
    """One document that a worker has taken on, and hands at work on its segments."""

    def __init__(self, begin: Begin, tenant_id: TenantId) -> None:
        self.knowledge = made(tenant_id)
        self.document: Document = added(self.knowledge)
        self.actor = actor(tenant_id=tenant_id)
        self.embeddings = CountedEmbeddings()
        self._begin = begin

    async def open(self) -> "Hands":
        await keep(self._begin, self.knowledge, self.document)
        return self

    def _begin_for(self, _: TenantId) -> SqlUnitOfWork:
        return self._begin()

    async def round(self) -> IndexingRound:
        """A worker takes the document on."""
        async with self._begin() as work:
            document = await work.documents.hold(self.document.id)
            assert document.begin(now=NOW)
            await work.commit()
        return IndexingRound(
            begin=self._begin_for,
            job=job_for(document),
            document=document,
            segmentation=self.knowledge.state.settings.segmentation,
        )

    async def cut(self, round: IndexingRound, *drafts: SegmentDraft) -> list[SegmentId]:
        """The segments that the round has brought, in their order."""
        async with round.step() as work:
            await work.segments.reconcile(self.document.id, round.number, drafts)
        return [SegmentId(row.id) for row in await self.rows()]

    async def embed(
        self, round: IndexingRound, meanwhile: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        """Index what is there, while something happens as the first texts are with the model."""
        embeddings = CountedEmbeddings(on_next=meanwhile)
        await Embed(embeddings=embeddings, analyser=SpacedTerms()).run(round)

    async def edit(
        self, segment_id: SegmentId, content: str, by: CountedEmbeddings | None = None
    ) -> None:
        indexing = SegmentIndexing(embeddings=by or self.embeddings, analyser=SpacedTerms())
        edit = EditSegment(
            begin=self._begin_for, clock=StandingClock(), indexing=indexing, measure=len
        )
        await edit.execute(self.actor, EditSegmentCommand(segment_id=segment_id, content=content))

    async def delete(self, segment_id: SegmentId) -> None:
        command = DeleteSegmentCommand(segment_id=segment_id)
        await DeleteSegment(begin=self._begin_for).execute(self.actor, command)

    async def disable(self, segment_id: SegmentId) -> None:
        command = SwitchSegmentCommand(segment_id=segment_id, enabled=False)
        switch = SwitchSegment(begin=self._begin_for, clock=StandingClock())
        await switch.execute(self.actor, command)

    async def add(self, content: str) -> SegmentId:
        indexing = SegmentIndexing(embeddings=self.embeddings, analyser=SpacedTerms())
        add = AddSegment(
            begin=self._begin_for, clock=StandingClock(), indexing=indexing, measure=len
        )
        command = AddSegmentCommand(document_id=self.document.id, content=content)
        return await add.execute(self.actor, command)

    async def rows(self) -> Sequence[Row[Any]]:
        async with self._begin() as work:
            found = await work._scope.session.execute(
                _OF_DOCUMENT, {"document_id": self.document.id}
            )
            return list(found)

    async def by_word(self, word: str) -> list[SegmentId]:
        query = KeywordQuery(knowledge_id=self.knowledge.id, terms=[word], limit=10)
        async with self._begin() as work:
            return [each.segment_id for each in await work.keywords.search(query)]

    async def by_meaning(self) -> set[SegmentId]:
        query = VectorQuery(knowledge_id=self.knowledge.id, vector=(1.0,) * 3, limit=10)
        async with self._begin() as work:
            return {each.segment_id for each in await work.vectors.search(query)}

    async def assert_whole(self) -> None:
        """Both indexes hold what is searched, and nothing else; so do their totals."""
        rows = await self.rows()
        searched = {row.id for row in rows if not row.has_children}
        assert all(row.is_indexed for row in rows if not row.has_children)
        async with self._begin() as work:
            session = work._scope.session
            for statement in _HELD.values():
                held = await session.scalars(statement, {"document_id": self.document.id})
                assert set(held) == searched
            counted = await session.execute(_COUNTED, {"knowledge_id": self.knowledge.id})
            [totals] = counted.all()
        assert (totals.words, totals.vectors) == (len(searched), len(searched))


@pytest.fixture
async def hands(begin: Begin, tenant_id: TenantId) -> Hands:
    return await Hands(begin, tenant_id).open()


async def test_what_was_edited_while_it_was_embedded_is_found_as_it_is_now(hands: Hands) -> None:
    worked = await hands.round()
    [first, second] = await hands.cut(worked, draft(1, "zebra stripes"), draft(2, "lemur tail"))
    await hands.embed(worked, lambda: hands.edit(first, "penguin ice"))
    assert await hands.by_word("penguin") == [first]
    assert await hands.by_word("zebra") == []
    assert await hands.by_word("lemur") == [second]
    await hands.assert_whole()


async def test_what_was_deleted_while_it_was_embedded_leaves_nothing_behind(hands: Hands) -> None:
    worked = await hands.round()
    [first, second] = await hands.cut(worked, draft(1, "zebra stripes"), draft(2, "lemur tail"))
    await hands.embed(worked, lambda: hands.delete(first))
    assert await hands.by_word("zebra") == []
    assert await hands.by_meaning() == {second}
    assert (worked.progress.segments, worked.progress.indexed) == (1, 1)
    await hands.assert_whole()


async def test_what_was_disabled_while_it_was_embedded_is_not_found(hands: Hands) -> None:
    worked = await hands.round()
    [first, second] = await hands.cut(worked, draft(1, "zebra stripes"), draft(2, "zebra tail"))
    await hands.embed(worked, lambda: hands.disable(first))
    assert await hands.by_word("zebra") == [second]
    assert await hands.by_meaning() == {second}


async def test_children_that_were_cut_anew_while_they_were_embedded_take_the_place_of_the_former(
    hands: Hands,
) -> None:
    worked = await hands.round()
    ids = await hands.cut(worked, draft(1, "zebra stripes", "zebra", "stripes"))
    parent = next(
        SegmentId(row.id) for row in await hands.rows() if row.has_children and row.id in ids
    )
    await hands.embed(worked, lambda: hands.edit(parent, "penguin ice"))
    assert await hands.by_word("zebra") == []
    assert len(await hands.by_word("penguin")) == 1
    await hands.assert_whole()


async def test_of_those_who_edit_at_once_one_wins_and_the_others_are_told(hands: Hands) -> None:
    worked = await hands.round()
    [only] = await hands.cut(worked, draft(1, "zebra stripes"))
    await hands.embed(worked)
    meeting = MeetingEmbeddings(3)
    outcomes = await asyncio.gather(
        *(hands.edit(only, f"penguin number{number}", meeting) for number in range(3)),
        return_exceptions=True,
    )
    assert sorted(map(type, outcomes), key=str) == sorted(
        [type(None), StaleVersion, StaleVersion], key=str
    )
    await hands.assert_whole()


async def test_an_edit_that_meets_a_deletion_is_told_and_leaves_nothing(hands: Hands) -> None:
    worked = await hands.round()
    [first, second] = await hands.cut(worked, draft(1, "zebra stripes"), draft(2, "lemur tail"))
    await hands.embed(worked)
    deleting = CountedEmbeddings(on_next=lambda: hands.delete(first))
    with pytest.raises(SegmentNotFound):
        await hands.edit(first, "penguin ice", deleting)
    assert await hands.by_meaning() == {second}
    await hands.assert_whole()


async def test_an_edit_does_not_put_a_segment_into_the_index_that_has_got_children_meanwhile(
    hands: Hands,
) -> None:
    worked = await hands.round()
    [only] = await hands.cut(worked, draft(1, "zebra stripes"))
    await hands.embed(worked)

    async def cut_anew() -> None:
        again = await hands.round()
        await hands.cut(again, draft(1, "zebra stripes", "zebra", "stripes"))
        await hands.embed(again)

    with pytest.raises(StaleVersion):
        await hands.edit(only, "penguin ice", CountedEmbeddings(on_next=cut_anew))
    assert only not in await hands.by_meaning()
    await hands.assert_whole()


async def test_hands_wait_for_the_document_before_they_have_anything_else(hands: Hands) -> None:
    """So nobody who has it waits for them: a circle cannot come about."""
    worked = await hands.round()
    first, second, third = await hands.cut(
        worked, *(draft(number, f"zebra number{number}") for number in range(1, 4))
    )
    await hands.embed(worked)
    async with worked.step() as work:
        assert isinstance(work, SqlUnitOfWork)
        waiting = [
            asyncio.create_task(each)
            for each in (hands.edit(first, "penguin ice"), hands.delete(second))
        ]
        waiting.append(asyncio.create_task(hands.disable(third)))
        async with asyncio.timeout(60):
            while len(waiting) > await work._scope.session.scalar(_WAITING):
                pass  # each look lets them go on
        for statement in _ALL_OF_IT:
            await work._scope.session.execute(statement, {"knowledge_id": hands.knowledge.id})
    await asyncio.gather(*waiting)
    assert await hands.by_word("penguin") == [first]
    assert await hands.by_meaning() == {first}
    await hands.assert_whole()


async def test_what_is_added_while_the_document_is_embedded_is_there_once(hands: Hands) -> None:
    worked = await hands.round()
    [first] = await hands.cut(worked, draft(1, "zebra stripes"))
    await hands.embed(worked, lambda: hands.add("penguin ice"))
    assert len(await hands.by_word("penguin")) == 1
    assert first in await hands.by_meaning()
    await hands.assert_whole()
