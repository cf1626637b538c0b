"""How lists of candidates become one, and what the scores mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.knowledge.retrieval.fusion import CandidateList, fuse
from dify_hex.domain.knowledge.retrieval.plan import KnowledgeToSearch, SearchPart
from dify_hex.domain.shared.values.retrieval_settings import FusionMethod, RetrievalMethod
from tests.builders.retrieval import (
    LETTERS,
    MANUALS,
    full_text,
    numbers,
    plan,
    searched,
    semantic,
)

SCORES = st.floats(0, 1, allow_nan=False)
HITS = st.dictionaries(st.integers(1, 30), SCORES, max_size=20).map(lambda each: [*each.items()])
BM25_HITS = st.dictionaries(st.integers(1, 30), st.floats(0, 50), max_size=20).map(
    lambda each: [*each.items()]
)
METHODS = st.sampled_from(FusionMethod)


def order_of(
    *lists: CandidateList,
    of: RetrievalMethod = RetrievalMethod.HYBRID,
    fusion: FusionMethod = FusionMethod.RECIPROCAL_RANK,
    weights: tuple[float, float] = (0.5, 0.5),
) -> list[int]:
    candidates = fuse(plan(searched(of, fusion=fusion, weights=weights)), lists)
    return numbers([each.segment_id for each in candidates])


def scores_of(knowledge: KnowledgeToSearch, *lists: CandidateList) -> list[float]:
    return [each.score for each in fuse(plan(knowledge), lists)]


def test_by_meaning_the_score_is_the_likeness() -> None:
    knowledge = searched(RetrievalMethod.SEMANTIC)
    assert scores_of(knowledge, semantic((1, 0.9), (2, 0.4))) == [0.9, 0.4]


def test_by_words_the_score_is_a_share_of_the_best() -> None:
    knowledge = searched(RetrievalMethod.FULL_TEXT)
    assert scores_of(knowledge, full_text((1, 12.0), (2, 3.0))) == [1.0, 0.25]


def test_first_in_both_lists_is_the_highest_score_there_is() -> None:
    first, second = fuse(plan(), [semantic((1, 0.9), (2, 0.4)), full_text((1, 12.0), (3, 3.0))])[:2]
    assert first.score == pytest.approx(1.0)
    assert second.score == pytest.approx(0.5 * 61 / 62)


def test_a_segment_of_both_lists_is_before_those_of_one() -> None:
    lists = semantic((1, 0.9), (2, 0.8)), full_text((3, 9.0), (2, 8.0))
    assert order_of(*lists)[0] == 2


def test_by_weights_the_score_is_the_mean_of_the_shares() -> None:
    knowledge = searched(fusion=FusionMethod.WEIGHTED, weights=(0.75, 0.25))
    lists = semantic((1, 0.7), (2, 0.4)), full_text((2, 10.0))
    assert scores_of(knowledge, *lists) == pytest.approx([0.375, 0.25])


def test_a_list_in_which_everything_is_alike_says_nothing() -> None:
    knowledge = searched(fusion=FusionMethod.WEIGHTED)
    lists = semantic((1, 0.9), (2, 0.9), (3, 0.9)), full_text((3, 10.0), (2, 5.0))
    assert scores_of(knowledge, *lists) == [0.5, 0.25, 0.0]


def test_perfect_likeness_says_all_there_is_to_say() -> None:
    knowledge = searched(fusion=FusionMethod.WEIGHTED)
    assert scores_of(knowledge, semantic((1, 1.0))) == [1.0]


def test_a_list_that_could_not_be_had_costs_no_score() -> None:
    assert scores_of(searched(), semantic((1, 0.8))) == [1.0]


def test_a_list_that_is_empty_does() -> None:
    assert scores_of(searched(), semantic((1, 0.8)), full_text()) == [0.5]


def test_equal_scores_have_equal_ranks() -> None:
    candidates = fuse(plan(), [full_text((1, 3.0), (2, 3.0), (3, 1.0))])
    ranks = [each.standings[SearchPart.FULL_TEXT].rank for each in candidates]
    assert ranks == [1, 1, 3]


def test_the_knowledge_that_answers_better_comes_first() -> None:
    both = plan(
        searched(RetrievalMethod.FULL_TEXT),
        searched(RetrievalMethod.FULL_TEXT, knowledge_id=LETTERS),
    )
    lists = [full_text((1, 2.0)), full_text((2, 8.0), knowledge_id=LETTERS)]
    assert [(each.knowledge_id, each.score) for each in fuse(both, lists)] == [
        (LETTERS, 1.0),
        (MANUALS, 0.25),
    ]


def test_likenesses_of_different_models_are_not_ranked_together() -> None:
    both = plan(searched(space="small"), searched(space="large", knowledge_id=LETTERS))
    lists = [semantic((1, 0.2)), semantic((2, 0.9), knowledge_id=LETTERS)]
    assert [each.score for each in fuse(both, lists)] == [1.0, 1.0]


def test_the_weight_of_a_knowledge_scales_its_scores() -> None:
    both = plan(searched(), searched(knowledge_id=LETTERS, weight=0.5))
    lists = [semantic((1, 0.5)), semantic((2, 0.5), knowledge_id=LETTERS)]
    assert [each.score for each in fuse(both, lists)] == [1.0, 0.5]


@given(HITS, BM25_HITS, METHODS)
def test_a_part_of_no_weight_leaves_the_others_ranking(
    by_meaning: list[tuple[int, float]], by_words: list[tuple[int, float]], method: FusionMethod
) -> None:
    lists = semantic(*by_meaning), full_text(*by_words)
    assert order_of(*lists, fusion=method, weights=(1, 0)) == order_of(
        lists[0], of=RetrievalMethod.SEMANTIC
    )
    assert order_of(*lists, fusion=method, weights=(0, 1)) == order_of(
        lists[1], of=RetrievalMethod.FULL_TEXT
    )


@given(HITS, BM25_HITS, METHODS, st.floats(0.01, 1), st.floats(0.01, 1))
def test_every_candidate_comes_once_with_a_score_from_0_to_1_best_first(
    by_meaning: list[tuple[int, float]],
    by_words: list[tuple[int, float]],
    method: FusionMethod,
    one: float,
    other: float,
) -> None:
    knowledge = searched(fusion=method, weights=(one, other))
    candidates = fuse(plan(knowledge), [semantic(*by_meaning), full_text(*by_words)])
    scores = [each.score for each in candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert sorted(numbers([each.segment_id for each in candidates])) == sorted(
        {number for number, _ in by_meaning} | {number for number, _ in by_words}
    )


@given(HITS, BM25_HITS, METHODS)
def test_the_order_of_the_lists_makes_no_difference(
    by_meaning: list[tuple[int, float]], by_words: list[tuple[int, float]], method: FusionMethod
) -> None:
    lists = [semantic(*by_meaning), full_text(*by_words)]
    settled = plan(searched(fusion=method))
    assert fuse(settled, lists) == fuse(settled, reversed(lists))


@given(HITS, METHODS)
def test_an_empty_part_changes_nothing_in_the_order(
    hits: list[tuple[int, float]], method: FusionMethod
) -> None:
    assert order_of(semantic(*hits), full_text(), fusion=method) == order_of(
        semantic(*hits), of=RetrievalMethod.SEMANTIC
    )


@given(st.sets(st.integers(1, 30), min_size=1), HITS, st.floats(0, 1))
def test_a_part_that_finds_everything_alike_does_not_reorder_the_other(
    everything: set[int], hits: list[tuple[int, float]], likeness: float
) -> None:
    everything |= {number for number, _ in hits}
    constant = [(number, likeness) for number in everything]
    # What differs by less than a number can hold is equal once it is added to something.
    words = [(number, round(score, 6)) for number, score in hits if score > 1e-6]
    fused = order_of(semantic(*constant), full_text(*words), fusion=FusionMethod.WEIGHTED)
    known = {number for number, _ in words}
    assert [number for number in fused if number in known] == order_of(
        full_text(*words), of=RetrievalMethod.FULL_TEXT
    )
