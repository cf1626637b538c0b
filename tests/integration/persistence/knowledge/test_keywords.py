"""Segments found by their words: BM25 as the formula says, whatever came, went or was changed."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from random import Random

import pytest

from dify_hex.application.knowledge.index_ports import (
    DocumentFilter,
    FoundSegment,
    KeywordEntry,
    KeywordQuery,
)
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId
from tests.conformance.vector_index import where
from tests.integration.persistence.knowledge.conftest import SqlStage

Corpus = Mapping[SegmentId, Sequence[str]]


def bm25(corpus: Corpus, query: Sequence[str]) -> dict[SegmentId, float]:
    """What the formula says, of whatever scores at all."""
    average = sum(map(len, corpus.values())) / len(corpus)
    frequencies = Counter(term for terms in corpus.values() for term in set(terms))
    scores: dict[SegmentId, float] = {}
    for segment_id, terms in corpus.items():
        counts = Counter(terms)
        for term in query:
            df, tf = frequencies[term], counts[term]
            idf = log(1 + (len(corpus) - df + 0.5) / (df + 0.5))
            norm = 1.5 * (1 - 0.75 + 0.75 * len(terms) / average)
            if tf:
                scores[segment_id] = scores.get(segment_id, 0) + idf * tf / (tf + norm)
    return scores


def random_corpus(number: int, seed: int = 3) -> dict[SegmentId, list[str]]:
    random = Random(seed)
    words = [f"w{each}" for each in range(60)]
    weights = [1 / (rank + 1) for rank in range(60)]
    return {
        SegmentId(new_id()): random.choices(words, weights, k=random.randint(1, 40))
        for _ in range(number)
    }


async def put(stage: SqlStage, document_id: DocumentId, corpus: Corpus) -> None:
    await stage.keep_segments(document_id, list(corpus))
    await put_terms(stage, document_id, corpus)


async def put_terms(stage: SqlStage, document_id: DocumentId, corpus: Corpus) -> None:
    async with stage.begin() as work:
        await work.keywords.put(
            stage.knowledge_id,
            [
                KeywordEntry(segment_id=segment_id, document_id=document_id, terms=terms)
                for segment_id, terms in corpus.items()
            ],
        )
        await work.commit()


async def search(
    stage: SqlStage, *terms: str, limit: int = 10, filter: DocumentFilter | None = None
) -> Sequence[FoundSegment]:
    query = KeywordQuery(
        knowledge_id=stage.knowledge_id,
        terms=terms,
        limit=limit,
        filter=filter or DocumentFilter(),
    )
    async with stage.begin() as work:
        return await work.keywords.search(query)


async def assert_scores_as_the_formula(stage: SqlStage, corpus: Corpus) -> None:
    for query in (["w1"], ["w1", "w7", "w30"], ["w2", "w2", "w50"], ["w59", "none"]):
        expected = bm25(corpus, query)
        found = await search(stage, *query, limit=100)
        assert {each.segment_id for each in found} == set(expected)
        for each in found:
            assert each.score == pytest.approx(expected[each.segment_id])
        assert [each.score for each in found] == pytest.approx(
            sorted(expected.values(), reverse=True)
        )


async def test_scores_are_those_of_the_formula(stage: SqlStage) -> None:
    corpus = random_corpus(80)
    await put(stage, await stage.document(), corpus)
    await assert_scores_as_the_formula(stage, corpus)


async def test_frequencies_stay_right_when_segments_come_change_and_go(stage: SqlStage) -> None:
    documents = [await stage.document() for _ in range(3)]
    parts = [random_corpus(30, seed) for seed in range(3)]
    for document_id, part in zip(documents, parts, strict=True):
        await put(stage, document_id, part)
    changed = dict(zip(list(parts[0])[:10], random_corpus(10, 9).values(), strict=True))
    await put(stage, documents[0], changed)
    gone = list(parts[1])[:7]
    async with stage.begin() as work:
        await work.keywords.remove(stage.knowledge_id, gone)
        await work.keywords.remove_document(stage.knowledge_id, documents[2])
        await work.commit()
    left = {**parts[0], **changed, **parts[1]}
    for segment_id in gone:
        del left[segment_id]
    await assert_scores_as_the_formula(stage, left)


async def test_documents_that_are_indexed_at_once_are_counted_together(stage: SqlStage) -> None:
    documents = [await stage.document() for _ in range(12)]
    parts = [random_corpus(8, seed) for seed in range(12)]
    pairs = list(zip(documents, parts, strict=True))
    await asyncio.gather(*(put(stage, document_id, part) for document_id, part in pairs))
    await asyncio.gather(*(put(stage, document_id, part) for document_id, part in pairs))
    await assert_scores_as_the_formula(stage, {key: part[key] for part in parts for key in part})


async def test_segments_that_are_not_there_are_neither_found_nor_counted(stage: SqlStage) -> None:
    corpus = random_corpus(20)
    document_id = await stage.document()
    await put(stage, document_id, corpus)
    await put_terms(stage, document_id, random_corpus(20, 8))
    await assert_scores_as_the_formula(stage, corpus)


async def test_what_is_not_committed_changes_nothing(stage: SqlStage) -> None:
    corpus = random_corpus(20)
    document_id = await stage.document()
    await put(stage, document_id, corpus)
    async with stage.begin() as work:
        await work.keywords.remove_document(stage.knowledge_id, document_id)
    await assert_scores_as_the_formula(stage, corpus)


async def test_a_filter_changes_no_score(stage: SqlStage) -> None:
    [first, second] = await stage.document({"year": 1}), await stage.document({"year": 2})
    one, other = random_corpus(20, 1), random_corpus(20, 2)
    await put(stage, first, one)
    await put(stage, second, other)
    expected = bm25({**one, **other}, ["w1", "w2"])
    filters = (DocumentFilter(document_ids=(second,)), where(("year", ">", 1)))
    for wanted in filters:
        found = await search(stage, "w1", "w2", limit=100, filter=wanted)
        assert {each.segment_id for each in found} == set(expected) & set(other)
        assert all(each.score == pytest.approx(expected[each.segment_id]) for each in found)


async def test_disabled_segments_and_documents_are_not_found(stage: SqlStage) -> None:
    on, off = await stage.document(), await stage.document()
    first, second, third = (SegmentId(new_id()) for _ in range(3))
    await put(stage, on, {first: ["hello"], second: ["hello", "world"]})
    await put(stage, off, {third: ["hello"]})
    await stage.disable(off)
    async with stage.begin() as work:
        await work.keywords.set_enabled(stage.knowledge_id, [first], False)
        await work.commit()
    assert [each.segment_id for each in await search(stage, "hello")] == [second]


async def test_another_knowledge_knows_other_words(stage: SqlStage) -> None:
    await put(stage, await stage.document(), {SegmentId(new_id()): ["hello"]})
    stage.knowledge_id = KnowledgeId(new_id())
    assert await search(stage, "hello") == []


async def test_a_segment_without_words_counts_and_is_never_found(stage: SqlStage) -> None:
    corpus: Corpus = {SegmentId(new_id()): [], SegmentId(new_id()): ["w1", "w2"]}
    await put(stage, await stage.document(), corpus)
    await assert_scores_as_the_formula(stage, corpus)


async def test_an_emptied_knowledge_can_be_filled_anew(stage: SqlStage) -> None:
    document_id = await stage.document()
    await put(stage, document_id, random_corpus(20))
    async with stage.begin() as work:
        await work.keywords.remove_knowledge(stage.knowledge_id)
        await work.commit()
    assert await search(stage, "w1") == []
    corpus = random_corpus(20, 8)
    await put(stage, document_id, corpus)
    await assert_scores_as_the_formula(stage, corpus)


async def test_asking_for_nothing_finds_nothing(stage: SqlStage) -> None:
    await put(stage, await stage.document(), random_corpus(5))
    assert await search(stage) == []
    assert await search(stage, "w1", limit=0) == []


async def test_a_very_long_segment_is_counted_whole(stage: SqlStage) -> None:
    corpus: Corpus = {
        SegmentId(new_id()): ["w1"] * 300,
        SegmentId(new_id()): [f"x{each}" for each in range(70_000)],
    }
    await put(stage, await stage.document(), corpus)
    [found] = await search(stage, "w1")
    # Beyond 255 occurrences more of them hardly make a difference.
    assert found.score == pytest.approx(bm25(corpus, ["w1"])[found.segment_id], rel=0.02)
