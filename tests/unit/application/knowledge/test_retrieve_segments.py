"""What a retrieval finds, what it leaves out, and what it does when something fails."""

from uuid import UUID

import pytest

from dify_hex.application.knowledge.index_ports import DocumentFilter
from dify_hex.application.knowledge.retrieve_segments import (
    RetrieveSegments,
    RetrieveSegmentsCommand,
)
from dify_hex.application.knowledge.retrieved import RetrievalRequest, Retrieved
from dify_hex.application.shared.actor import Actor, PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.knowledge.retrieval.errors import (
    RetrievalOverridesInvalid,
    RetrievalQueryInvalid,
    RetrievalTimedOut,
)
from dify_hex.domain.knowledge.retrieval.plan import SearchPart
from dify_hex.domain.model_provider.errors import ModelUnavailable
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TenantId
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.shared.values.retrieval_settings import RetrievalMethod, RetrievalSettings
from tests.builders.retrieval import LETTERS, MANUALS, RERANKER, segment
from tests.fakes.searched_knowledge import SearchedKnowledge

TENANT = TenantId(UUID(int=1))
BY_WORDS = RetrievalOverrides(method=RetrievalMethod.FULL_TEXT)


@pytest.fixture
def house() -> SearchedKnowledge:
    house = SearchedKnowledge()
    house.add(MANUALS)
    house.store(*map(segment, range(1, 9)))
    house.semantic[MANUALS] = [(segment(1), 0.9), (segment(2), 0.5)]
    house.full_text[MANUALS] = [(segment(2), 7.0), (segment(3), 3.0)]
    return house


async def retrieved(
    house: SearchedKnowledge,
    *knowledge: KnowledgeId,
    query: str = "How?",
    overrides: RetrievalOverrides | None = None,
    filter: DocumentFilter | None = None,
) -> Retrieved:
    request = RetrievalRequest(
        query=query,
        sources=tuple(KnowledgeSource(knowledge_id=each) for each in knowledge or (MANUALS,)),
        overrides=overrides or RetrievalOverrides(),
        filter=filter or DocumentFilter(),
    )
    return await house.retrieval.retrieve(TENANT, request)


def found_in(result: Retrieved) -> list[int]:
    return [each.segment_id.int for each in result.citations]


async def test_passages_come_best_first_with_where_they_are_from(house: SearchedKnowledge) -> None:
    result = await retrieved(house)

    assert found_in(result) == [2, 1, 3]
    first = result.citations[0]
    assert (first.position, first.content, first.first_page) == (1, "text 2", 2)
    assert (first.knowledge_name, first.document_name) == (
        f"Knowledge {MANUALS.int}",
        "manual.pdf",
    )
    assert first.headings == ("Manual",)


async def test_what_is_given_counts_as_a_hit(house: SearchedKnowledge) -> None:
    await retrieved(house, overrides=RetrievalOverrides(top_k=1))
    assert house.hits == [segment(2)]


async def test_only_the_lists_that_count_are_asked_for(house: SearchedKnowledge) -> None:
    await retrieved(house, overrides=BY_WORDS)
    assert (len(house.asked), house.embedded) == (1, [])


async def test_a_question_is_embedded_once_for_each_model(house: SearchedKnowledge) -> None:
    other = ModelConfig(provider="house", model="large")
    house.add(LETTERS)
    house.add(KnowledgeId(UUID(int=0xA3)), embedding=other)

    await retrieved(house, MANUALS, LETTERS, KnowledgeId(UUID(int=0xA3)))

    assert sorted(model.model for model, _ in house.embedded) == ["embedding", "large"]


async def test_the_filter_reaches_every_index(house: SearchedKnowledge) -> None:
    only = DocumentFilter(document_ids=(DocumentId(UUID(int=7)),))
    await retrieved(house, filter=only)
    assert [query.filter for query in house.asked] == [only, only]


async def test_children_are_given_as_their_parent(house: SearchedKnowledge) -> None:
    house.store(segment(1), segment(2), parent=segment(20))
    result = await retrieved(house)
    assert found_in(result) == [20, 3]
    assert [each.found_id.int for each in result.passages[0].found] == [2, 1]
    assert house.hits == [segment(20), segment(3)]


async def test_what_was_removed_meanwhile_is_left_out(house: SearchedKnowledge) -> None:
    del house.stored[segment(1)]
    result = await retrieved(house)
    assert found_in(result) == [2, 3]
    assert [each.position for each in result.citations] == [1, 2]


async def test_a_reranker_has_the_last_word(house: SearchedKnowledge) -> None:
    house.relevance = {"text 3": 0.8, "text 1": 0.3}
    rerank = RetrievalOverrides(rerank=RERANKER, score_threshold=0.2)
    result = await retrieved(house, overrides=rerank)
    assert [(each.segment_id.int, each.score) for each in result.citations] == [(3, 0.8), (1, 0.3)]
    assert len(house.reranked) == 3


async def test_a_reranker_that_fails_leaves_the_order_of_the_search(
    house: SearchedKnowledge,
) -> None:
    house.failures["rerank"] = ModelUnavailable(provider="house", model="reranker")
    result = await retrieved(house, overrides=RetrievalOverrides(rerank=RERANKER))
    assert found_in(result) == [2, 1, 3]
    (failure,) = result.failures
    assert (failure.knowledge_id, failure.error.code) == (None, ModelUnavailable.code)


async def test_a_part_that_fails_leaves_the_other(house: SearchedKnowledge) -> None:
    house.failures["embed"] = ModelUnavailable(provider="house", model="embedding")
    result = await retrieved(house)
    assert found_in(result) == [2, 3]
    (failure,) = result.failures
    assert (failure.knowledge_id, failure.part) == (MANUALS, SearchPart.SEMANTIC)


async def test_a_knowledge_that_fails_leaves_the_others_and_is_told_once(
    house: SearchedKnowledge,
) -> None:
    house.add(LETTERS)
    house.failures[f"search {LETTERS.int}"] = Unavailable(dependency="database")
    result = await retrieved(house, MANUALS, LETTERS)
    assert found_in(result) == [2, 1, 3]
    (failure,) = result.failures
    assert (failure.knowledge_id, failure.part) == (LETTERS, None)


async def test_a_knowledge_that_is_gone_leaves_the_others(house: SearchedKnowledge) -> None:
    result = await retrieved(house, LETTERS, MANUALS)
    assert found_in(result) == [2, 1, 3]
    assert isinstance(result.failures[0].error, KnowledgeNotFound)


async def test_a_knowledge_that_takes_too_long_is_not_waited_for(
    house: SearchedKnowledge,
) -> None:
    house.add(LETTERS)
    house.delays[LETTERS], house.timeout = 10.0, 0.05
    result = await retrieved(house, MANUALS, LETTERS)
    assert found_in(result) == [2, 1, 3]
    assert isinstance(result.failures[0].error, RetrievalTimedOut)


async def test_where_nothing_can_be_searched_the_reason_is_raised(
    house: SearchedKnowledge,
) -> None:
    house.failures[f"search {MANUALS.int}"] = Unavailable(dependency="database")
    with pytest.raises(Unavailable):
        await retrieved(house)
    with pytest.raises(Unavailable):
        await retrieved(house, LETTERS, MANUALS)


async def test_where_all_knowledge_is_gone_nothing_is_found(house: SearchedKnowledge) -> None:
    result = await retrieved(house, LETTERS)
    assert (result.citations, house.asked) == ((), [])
    (failure,) = result.failures
    assert failure.knowledge_id == LETTERS
    assert isinstance(failure.error, KnowledgeNotFound)


async def test_a_blank_question_finds_nothing_and_asks_nobody(house: SearchedKnowledge) -> None:
    result = await retrieved(house, query=" \n")
    assert (result.citations, house.asked) == ((), [])


async def test_of_a_long_question_the_beginning_is_searched_for(house: SearchedKnowledge) -> None:
    await retrieved(house, query="word " * 10_000)
    assert len(house.embedded[0][1]) == 4_000


async def test_every_stage_can_be_looked_at(house: SearchedKnowledge) -> None:
    stages = (await retrieved(house, overrides=RetrievalOverrides(top_k=2))).stages
    assert [len(each.hits) for each in stages.lists] == [2, 2]
    assert [each.segment_id.int for each in stages.fused] == [2, 1, 3]
    assert [each.segment_id.int for each in stages.kept] == [2, 1]
    assert {"embed", "analyse", "search_semantic", "search_full_text", "read", "total"} <= set(
        stages.seconds
    )


class TestTryingOut:
    """The use case in front of it."""

    @staticmethod
    def actor(*permissions: Permission) -> Actor:
        return Actor(tenant_id=TENANT, permissions=frozenset(permissions))

    async def test_who_may_read_knowledge_may_search_it(self, house: SearchedKnowledge) -> None:
        use_case = RetrieveSegments(retrieval=house.retrieval)
        command = RetrieveSegmentsCommand(knowledge_id=MANUALS, query="How?")
        found = await use_case.execute(self.actor(Permission.KNOWLEDGE_READ), command)
        assert found_in(found) == [2, 1, 3]
        with pytest.raises(PermissionDenied):
            await use_case.execute(self.actor(Permission.APP_RUN), command)

    @pytest.mark.parametrize("query", ["", "  ", "x" * 4_001])
    async def test_a_query_is_neither_empty_nor_endless(
        self, house: SearchedKnowledge, query: str
    ) -> None:
        use_case = RetrieveSegments(retrieval=house.retrieval)
        command = RetrieveSegmentsCommand(knowledge_id=MANUALS, query=query)
        with pytest.raises(RetrievalQueryInvalid):
            await use_case.execute(self.actor(Permission.KNOWLEDGE_READ), command)

    async def test_settings_are_held_against_their_ranges(self, house: SearchedKnowledge) -> None:
        use_case = RetrieveSegments(retrieval=house.retrieval)
        command = RetrieveSegmentsCommand(
            knowledge_id=MANUALS,
            query="How?",
            overrides=RetrievalOverrides(top_k=0, score_threshold=1.5),
        )
        with pytest.raises(RetrievalOverridesInvalid) as refused:
            await use_case.execute(self.actor(Permission.KNOWLEDGE_READ), command)
        assert [fault.path for fault in refused.value.faults] == [
            "settings.top_k",
            "settings.score_threshold",
        ]


async def test_settings_are_the_knowledges_own_unless_said_otherwise(
    house: SearchedKnowledge,
) -> None:
    house.add(MANUALS, RetrievalSettings(method=RetrievalMethod.SEMANTIC, top_k=1))
    assert found_in(await retrieved(house)) == [1]
