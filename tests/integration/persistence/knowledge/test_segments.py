"""Segments kept in rounds: what is unchanged stays what it is, index and all."""

from hashlib import sha256

import pytest

from dify_hex.application.knowledge.index_ports import (
    KeywordEntry,
    KeywordQuery,
    Reconciled,
    UnindexedSegment,
    VectorEntry,
)
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.errors import DocumentNotFound
from dify_hex.domain.knowledge.segment import ChildDraft, SegmentDraft
from dify_hex.domain.shared.ids import DocumentId
from tests.integration.persistence.knowledge.conftest import SqlStage


def draft(
    position: int, content: str, *children: str, occurrence: int = 0, page: int | None = None
) -> SegmentDraft:
    return SegmentDraft(
        position=position,
        content=content,
        content_hash=sha256(content.encode()).digest(),
        occurrence=occurrence,
        tokens=len(content.split()),
        first_page=page,
        last_page=page,
        headings=("Guide", "Start"),
        children=tuple(
            ChildDraft(content=each, content_hash=sha256(each.encode()).digest(), tokens=1)
            for each in children
        ),
    )


async def reconcile(
    stage: SqlStage, document_id: DocumentId, round: int, *drafts: SegmentDraft
) -> Reconciled:
    async with stage.begin() as work:
        reconciled = await work.segments.reconcile(document_id, round, drafts)
        await work.commit()
    return reconciled


async def index_all(stage: SqlStage, document_id: DocumentId) -> list[UnindexedSegment]:
    async with stage.begin() as work:
        waiting = await work.segments.unindexed(document_id, limit=100)
        await work.vectors.put(
            stage.knowledge_id,
            [
                VectorEntry(segment_id=each.id, document_id=document_id, vector=(1.0, 0.5))
                for each in waiting
            ],
        )
        await work.keywords.put(
            stage.knowledge_id,
            [
                KeywordEntry(segment_id=each.id, document_id=document_id, terms=each.text.split())
                for each in waiting
            ],
        )
        await work.segments.mark_indexed([each.id for each in waiting])
        await work.commit()
    return list(waiting)


async def count(stage: SqlStage, document_id: DocumentId) -> tuple[int, int]:
    async with stage.begin() as work:
        return await work.segments.count(document_id)


def words(stage: SqlStage, *terms: str) -> KeywordQuery:
    return KeywordQuery(knowledge_id=stage.knowledge_id, terms=terms, limit=100)


async def finds(stage: SqlStage, *terms: str) -> int:
    async with stage.begin() as work:
        found = await work.keywords.search(words(stage, *terms))
    meaning = await stage.found((1.0, 0.5), limit=100)
    assert {each.segment_id for each in found} <= set(meaning)
    return len(found)


@pytest.mark.pgvector
async def test_what_is_searched_is_the_content_below_its_headings(stage: SqlStage) -> None:
    document_id = await stage.document()
    assert await reconcile(stage, document_id, 1, draft(1, "one")) == Reconciled(kept=0, added=1)
    [waiting] = await index_all(stage, document_id)
    assert waiting.text == "Guide\nStart\none"
    assert await count(stage, document_id) == (1, 1)


@pytest.mark.pgvector
async def test_unchanged_segments_stay_indexed_in_the_next_round(stage: SqlStage) -> None:
    document_id = await stage.document()
    await reconcile(stage, document_id, 1, draft(1, "one"), draft(2, "two"), draft(3, "three"))
    await index_all(stage, document_id)

    again = (draft(1, "three", page=4), draft(2, "four"), draft(3, "one"))
    assert await reconcile(stage, document_id, 2, *again) == Reconciled(kept=2, added=1)
    async with stage.begin() as work:
        assert await work.segments.drop_older(document_id, 2) == 1
        await work.commit()
    assert [each.text for each in await index_all(stage, document_id)] == ["Guide\nStart\nfour"]
    assert await finds(stage, "one", "two", "three", "four") == 3


async def test_a_round_that_was_cut_off_is_done_again(stage: SqlStage) -> None:
    document_id = await stage.document()
    await reconcile(stage, document_id, 1, draft(1, "one"))
    both = (draft(1, "one"), draft(2, "two"))
    assert await reconcile(stage, document_id, 2, *both) == Reconciled(kept=1, added=1)
    assert await reconcile(stage, document_id, 3, *both) == Reconciled(kept=2, added=0)
    assert await count(stage, document_id) == (2, 0)


async def test_the_same_content_twice_is_two_segments(stage: SqlStage) -> None:
    document_id = await stage.document()
    twice = (draft(1, "one"), draft(2, "one", occurrence=1))
    assert await reconcile(stage, document_id, 1, *twice) == Reconciled(kept=0, added=2)
    assert await reconcile(stage, document_id, 2, *twice) == Reconciled(kept=2, added=0)


@pytest.mark.pgvector
async def test_children_are_searched_in_place_of_their_parent(stage: SqlStage) -> None:
    document_id = await stage.document()
    parent = draft(1, "one two", "one", "two", "one")
    assert await reconcile(stage, document_id, 1, parent) == Reconciled(kept=0, added=4)
    waiting = await index_all(stage, document_id)
    assert sorted(each.text[-3:] for each in waiting) == ["one", "one", "two"]
    assert await reconcile(stage, document_id, 2, parent) == Reconciled(kept=4, added=0)
    assert await count(stage, document_id) == (3, 3)


@pytest.mark.pgvector
async def test_a_segment_that_gets_children_is_not_searched_itself_any_more(
    stage: SqlStage,
) -> None:
    document_id = await stage.document()
    await reconcile(stage, document_id, 1, draft(1, "one two"))
    await index_all(stage, document_id)
    await reconcile(stage, document_id, 2, draft(1, "one two", "one", "two"))
    assert await count(stage, document_id) == (2, 0)
    assert await finds(stage, "one") == 0
    await index_all(stage, document_id)
    assert await finds(stage, "one") == 1


@pytest.mark.pgvector
async def test_a_parent_that_loses_its_children_is_searched_itself_again(stage: SqlStage) -> None:
    document_id = await stage.document()
    await reconcile(stage, document_id, 1, draft(1, "one two", "one", "two"))
    await index_all(stage, document_id)
    await reconcile(stage, document_id, 2, draft(1, "one two"))
    async with stage.begin() as work:
        assert await work.segments.drop_older(document_id, 2) == 2
        await work.commit()
    assert await count(stage, document_id) == (1, 0)
    assert await finds(stage, "one", "two") == 0


@pytest.mark.pgvector
async def test_a_document_is_removed_piece_by_piece_with_its_index(stage: SqlStage) -> None:
    document_id = await stage.document()
    drafts = [draft(each, f"text {each}", f"child {each}") for each in range(1, 6)]
    await reconcile(stage, document_id, 1, *drafts)
    await index_all(stage, document_id)
    removed = []
    for _ in range(3):
        async with stage.begin() as work:
            removed.append(await work.segments.remove_some(document_id, limit=4))
            await work.commit()
    assert removed == [4, 4, 2]
    assert await finds(stage, "child") == 0


@pytest.mark.pgvector
async def test_segments_that_wait_to_be_embedded_anew_are_found_by_words_only(
    stage: SqlStage,
) -> None:
    document_id = await stage.document()
    await reconcile(stage, document_id, 1, draft(1, "one"), draft(2, "two"))
    await index_all(stage, document_id)
    async with stage.begin() as work:
        await work.segments.unindex_knowledge(stage.knowledge_id)
        await work.commit()
    async with stage.begin() as work:
        assert len(await work.keywords.search(words(stage, "one"))) == 1
    assert await stage.found((1.0, 0.5)) == []
    assert await count(stage, document_id) == (2, 0)
    await index_all(stage, document_id)
    assert await finds(stage, "one", "two") == 2


async def test_a_document_that_is_not_there_takes_no_segments(stage: SqlStage) -> None:
    with pytest.raises(DocumentNotFound):
        await reconcile(stage, DocumentId(new_id()), 1, draft(1, "one"))


@pytest.mark.pgvector
async def test_documents_can_be_found_by_words_while_they_are_embedded_anew(
    stage: SqlStage,
) -> None:
    indexed, waiting = await stage.document(), await stage.document()
    await reconcile(stage, indexed, 1, draft(1, "one"))
    await reconcile(stage, waiting, 1, draft(1, "two"))
    await index_all(stage, indexed)
    async with stage.begin() as work:
        await work.segments.unindex_knowledge(stage.knowledge_id)
        assert await work.segments.findable([indexed, waiting]) == {indexed}
        assert await work.segments.findable([]) == set()
