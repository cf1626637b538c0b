"""How settings of several Knowledge, and what is said in their place, become one plan."""

from dify_hex.domain.knowledge.retrieval.plan import SearchPart, plan_retrieval
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.shared.values.retrieval_settings import FusionSettings, RetrievalMethod
from tests.builders.retrieval import LETTERS, RERANKER, searched

AS_THEY_ARE = RetrievalOverrides()


def test_what_nobody_overrides_is_the_knowledges_own() -> None:
    one = searched(RetrievalMethod.SEMANTIC, top_k=7, threshold=0.3, rerank=RERANKER)
    planned = plan_retrieval([one], AS_THEY_ARE)
    assert (planned.knowledge, planned.top_k, planned.rerank) == ((one,), 7, RERANKER)


def test_what_is_overridden_counts_for_all() -> None:
    fusion = FusionSettings(semantic_weight=1, full_text_weight=0)
    planned = plan_retrieval(
        [searched(top_k=3), searched(knowledge_id=LETTERS)],
        RetrievalOverrides(fusion=fusion, top_k=2, score_threshold=0.0),
    )
    assert planned.top_k == 2
    assert [each.settings.fusion for each in planned.knowledge] == [fusion, fusion]
    assert [each.settings.score_threshold for each in planned.knowledge] == [0.0, 0.0]


def test_the_most_generous_of_several_says_how_many_are_kept() -> None:
    several = [searched(top_k=3), searched(top_k=9, knowledge_id=LETTERS)]
    assert plan_retrieval(several, AS_THEY_ARE).top_k == 9


def test_a_reranker_reads_what_all_agree_on() -> None:
    agreed = [searched(rerank=RERANKER), searched(rerank=RERANKER, knowledge_id=LETTERS)]
    torn = [searched(rerank=RERANKER), searched(knowledge_id=LETTERS)]
    assert plan_retrieval(agreed, AS_THEY_ARE).rerank == RERANKER
    assert plan_retrieval(torn, AS_THEY_ARE).rerank is None
    assert plan_retrieval(torn, RetrievalOverrides(rerank=RERANKER)).rerank == RERANKER
    assert plan_retrieval(agreed, RetrievalOverrides(without_rerank=True)).rerank is None


def test_a_list_that_does_not_count_is_not_asked_for() -> None:
    assert searched(weights=(0.0, 0.4)).parts == {SearchPart.FULL_TEXT: 0.4}


def test_candidates_go_deeper_where_lists_are_compared() -> None:
    alone = plan_retrieval([searched(RetrievalMethod.SEMANTIC, top_k=4)], AS_THEY_ARE)
    fused = plan_retrieval([searched(top_k=4)], AS_THEY_ARE)
    many = plan_retrieval([searched(top_k=100)], AS_THEY_ARE)
    assert (alone.depth, fused.depth, many.depth) == (4, 50, 200)
    assert (alone.reranked, many.reranked) == (20, 100)
