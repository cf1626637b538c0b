"""The stages of a retrieval: their order, what each keeps, and what it never does."""

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.knowledge.retrieval.fusion import CandidateList
from dify_hex.domain.knowledge.retrieval.pipeline import Fused, begin_retrieval
from dify_hex.domain.shared.ids import SegmentId
from dify_hex.domain.shared.values.retrieval_settings import RetrievalMethod
from tests.builders.retrieval import (
    LETTERS,
    RERANKER,
    full_text,
    numbers,
    plan,
    searched,
    segment,
    semantic,
)

HITS = st.dictionaries(st.integers(1, 40), st.floats(0, 1), max_size=30).map(
    lambda each: [*each.items()]
)
BY_MEANING = RetrievalMethod.SEMANTIC


def begun(
    *lists: CandidateList, threshold: float | None = None, top_k: int = 100, rerank: bool = False
) -> Fused:
    knowledge = searched(BY_MEANING, threshold=threshold, rerank=RERANKER if rerank else None)
    return begin_retrieval(plan(knowledge, top_k=top_k), lists)


def test_the_best_that_reach_the_threshold_are_kept() -> None:
    fused = begun(semantic((1, 0.9), (2, 0.8), (3, 0.3)), threshold=0.5, top_k=1)
    selected = fused.as_found().select()
    assert numbers([each.segment_id for each in selected.above_threshold]) == [1, 2]
    assert numbers([each.segment_id for each in selected.kept]) == [1]


def test_a_score_right_at_the_threshold_reaches_it() -> None:
    assert begun(semantic((1, 0.5)), threshold=0.5).as_found().select().kept


def test_each_knowledge_has_a_threshold_of_its_own() -> None:
    settled = plan(searched(BY_MEANING, threshold=0.8), searched(BY_MEANING, knowledge_id=LETTERS))
    lists = semantic((1, 0.5)), semantic((2, 0.5), knowledge_id=LETTERS)
    kept = begin_retrieval(settled, lists).as_found().select().kept
    assert numbers([each.segment_id for each in kept]) == [2]


def test_without_a_reranker_nothing_is_to_be_read() -> None:
    assert begun(semantic((1, 0.9))).to_rerank == ()


def test_a_reranker_reads_no_more_than_it_should() -> None:
    hits = [(number, 1 / number) for number in range(1, 60)]
    assert len(begun(semantic(*hits), top_k=3, rerank=True).to_rerank) == 20


def test_a_rerankers_scores_take_the_place_of_all_others() -> None:
    fused = begun(semantic((1, 0.9), (2, 0.8), (3, 0.7)), rerank=True)
    rated = fused.reranked({segment(1): 0.1, segment(2): 0.6})
    assert [(each.segment_id.int, each.score) for each in rated.candidates] == [(2, 0.6), (1, 0.1)]


def test_the_weight_of_a_knowledge_scales_a_rerankers_scores() -> None:
    settled = plan(searched(), searched(knowledge_id=LETTERS, weight=0.5))
    lists = full_text((1, 2.0)), full_text((2, 2.0), knowledge_id=LETTERS)
    rated = begin_retrieval(settled, lists).reranked({segment(1): 0.4, segment(2): 0.6})
    assert [(each.segment_id.int, each.score) for each in rated.candidates] == [(1, 0.4), (2, 0.3)]


def test_children_give_way_to_their_parent_with_the_best_score() -> None:
    selected = begun(semantic((1, 0.9), (2, 0.8), (3, 0.7))).as_found().select()
    parents = {segment(1): segment(10), segment(2): segment(2), segment(3): segment(10)}
    passages = selected.collapse(parents)
    assert [(each.segment_id.int, each.score) for each in passages] == [(10, 0.9), (2, 0.8)]
    assert numbers([each.segment_id for each in passages[0].found]) == [1, 3]


def test_what_was_removed_since_it_was_found_is_left_out() -> None:
    selected = begun(semantic((1, 0.9), (2, 0.8))).as_found().select()
    assert numbers([e.segment_id for e in selected.collapse({segment(2): segment(2)})]) == [2]


@given(
    HITS,
    st.floats(0, 1),
    st.integers(1, 40),
    st.dictionaries(st.integers(1, 40), st.floats(0, 1)) | st.none(),
    st.integers(1, 5),
)
def test_every_stage_keeps_the_order_and_brings_nothing_new(
    hits: list[tuple[int, float]],
    threshold: float,
    top_k: int,
    rerank: dict[int, float] | None,
    families: int,
) -> None:
    fused = begun(semantic(*hits), threshold=threshold, top_k=top_k, rerank=rerank is not None)
    if rerank is None:
        rated = fused.as_found()
    else:
        rated = fused.reranked({segment(number): score for number, score in rerank.items()})
    selected = rated.select()
    parents = {
        each.segment_id: SegmentId(segment(100 + each.segment_id.int % families))
        for each in selected.kept
    }
    passages = selected.collapse(parents)

    assert {each.segment_id for each in rated.candidates} <= {
        each.segment_id for each in fused.candidates
    }
    assert selected.above_threshold == tuple(
        each for each in rated.candidates if each.score >= threshold
    )
    assert selected.kept == selected.above_threshold[:top_k]
    assert len({each.segment_id for each in passages}) == len(passages)
    assert [each.score for each in passages] == sorted(
        (each.score for each in passages), reverse=True
    )
    for passage in passages:
        assert passage.score == max(each.score for each in passage.found)
    assert sorted(each.segment_id for p in passages for each in p.found) == sorted(
        each.segment_id for each in selected.kept
    )


@given(HITS, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_never_keeps_more(
    hits: list[tuple[int, float]], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    kept = {
        threshold: begun(semantic(*hits), threshold=threshold).as_found().select().kept
        for threshold in (low, high)
    }
    assert {each.segment_id for each in kept[high]} <= {each.segment_id for each in kept[low]}
