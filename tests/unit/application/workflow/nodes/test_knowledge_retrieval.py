"""What a knowledge-retrieval node searches for and where, and what it puts out."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from dify_hex.application.knowledge.index_ports import MetadataFilter
from dify_hex.application.knowledge.retrieval_ports import SearchableKnowledge
from dify_hex.application.knowledge.retrieved import RetrievalRequest, Retrieved
from dify_hex.application.workflow.knowledge_passages import KnowledgePassages, NoKnowledge
from dify_hex.application.workflow.nodes.knowledge_retrieval import KnowledgeRetrievalExecutor
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.knowledge.metadata import MetadataField, MetadataType
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import KnowledgeId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.shared.values.metadata_conditions import (
    MetadataCondition,
    MetadataConditions,
    MetadataOperator,
)
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.knowledge_retrieval import (
    KnowledgeRetrievalConfig,
    MetadataFiltering,
    MultipleRetrieval,
    RetrievalMode,
    SingleRetrieval,
)
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.model_node import MODEL, ModelNode
from tests.builders.retrieval import LETTERS, MANUALS, segment
from tests.fakes.scripted_models import ScriptedChatModel, saying
from tests.fakes.searched_knowledge import SearchedKnowledge

BASE = KnowledgeRetrievalConfig(
    query_variable_selector=Selector(SYSTEM, "query"), dataset_ids=(str(MANUALS),)
)


class Shelf(KnowledgePassages):
    """The Knowledge of a test, and what was asked of it."""

    def __init__(self) -> None:
        self.of = SearchedKnowledge()
        self.requests: list[RetrievalRequest] = []
        self.away = 0

    async def describe(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        return await self.of.find(tenant_id, ids)

    async def retrieve(self, tenant_id: TenantId, request: RetrievalRequest) -> Retrieved:
        self.requests.append(request)
        if self.away:
            self.away -= 1
            raise Unavailable(dependency="database")
        return await self.of.retrieval.retrieve(tenant_id, request)


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    for knowledge_id, number in ((MANUALS, 1), (LETTERS, 2)):
        shelf.of.add(knowledge_id)
        shelf.of.semantic[knowledge_id] = [(segment(number), 0.9)]
        shelf.of.store(segment(number))
    return shelf


async def put_out(
    shelf: Shelf,
    config: KnowledgeRetrievalConfig = BASE,
    model: ScriptedChatModel | None = None,
    **values: JsonObject,
) -> NodeOutcome:
    node = ModelNode(
        lambda services: KnowledgeRetrievalExecutor(replace(services, knowledge=shelf)),
        config,
        model=model,
        values=values,
    )
    return await node.execute()


def segments(outcome: NodeOutcome) -> list[int]:
    found = cast("list[Any]", outcome.outputs["result"])
    return [UUID(each["metadata"]["segment_id"]).int for each in found]


def conditions(
    *each: MetadataCondition, any_of: bool = False, config: KnowledgeRetrievalConfig = BASE
) -> KnowledgeRetrievalConfig:
    return replace(
        config,
        metadata_filtering_mode=MetadataFiltering.MANUAL,
        metadata_filtering_conditions=MetadataConditions(
            conditions=each,
            logical_operator=LogicalOperator.OR if any_of else LogicalOperator.AND,
        ),
    )


async def test_passages_are_put_out_as_dify_does(shelf: Shelf) -> None:
    outcome = await put_out(shelf)

    (passage,) = cast("list[Any]", outcome.outputs["result"])
    assert (passage["title"], passage["content"]) == ("manual.pdf", "text 1")
    assert passage["metadata"]["dataset_id"] == str(MANUALS)
    assert passage["metadata"]["child_chunks"] == []
    assert (outcome.outputs["failures"], outcome.usage) == ((), None)
    assert shelf.requests[0].query == "Hello?"


async def test_children_are_told_with_their_parent(shelf: Shelf) -> None:
    shelf.of.store(segment(1), parent=segment(20))

    outcome = await put_out(shelf)

    (passage,) = cast("list[Any]", outcome.outputs["result"])
    (child,) = passage["metadata"]["child_chunks"]
    assert (child["id"], child["content"]) == (str(segment(1)), "text 1")


async def test_settings_and_weights_go_along(shelf: Shelf) -> None:
    config = replace(
        BASE,
        dataset_weights={str(MANUALS): 0.5},
        multiple_retrieval_config=MultipleRetrieval(top_k=7, reranking_enable=False),
    )
    await put_out(shelf, config)

    (request,) = shelf.requests
    assert request.sources[0].weight == 0.5
    assert (request.overrides.top_k, request.overrides.without_rerank) == (7, True)


async def test_what_could_not_be_searched_is_told(shelf: Shelf) -> None:
    config = replace(BASE, dataset_ids=(str(MANUALS), str(UUID(int=9))))
    outcome = await put_out(shelf, config)

    assert segments(outcome) == [1]
    (failure,) = cast("list[Any]", outcome.outputs["failures"])
    assert (failure["dataset_id"], failure["code"]) == (str(UUID(int=9)), "knowledge_not_found")


async def test_a_database_that_is_away_is_waited_for(shelf: Shelf) -> None:
    shelf.away = 1
    assert segments(await put_out(shelf)) == [1]
    assert len(shelf.requests) == 2


async def test_a_question_without_a_value_fails_the_node(shelf: Shelf) -> None:
    with pytest.raises(VariableMissing):
        await put_out(shelf, replace(BASE, query_variable_selector=Selector(SYSTEM, "nothing")))


async def test_where_there_is_no_knowledge_nothing_is_found() -> None:
    tenant = TenantId(UUID(int=1))
    assert await NoKnowledge().describe(tenant, [MANUALS]) == {}
    with pytest.raises(KnowledgeNotFound):
        await NoKnowledge().retrieve(tenant, RetrievalRequest(query="x", sources=()))


class TestConditions:
    """By what is known of documents."""

    async def test_references_keep_the_type_of_their_value(self, shelf: Shelf) -> None:
        year = MetadataCondition(
            name="year", comparison_operator=MetadataOperator.EQUAL, value="{{#kb.year#}}"
        )
        name = MetadataCondition(
            name="name", comparison_operator=MetadataOperator.IS, value="Q{{#kb.year#}}"
        )
        await put_out(shelf, conditions(year, name, any_of=True), kb={"year": 2026})

        (request,) = shelf.requests
        assert request.filter.conditions == (
            MetadataFilter(name="year", operator="=", value=2026),
            MetadataFilter(name="name", operator="is", value="Q2026"),
        )
        assert request.filter.any_condition

    async def test_a_filter_that_is_switched_off_is_not_asked(self, shelf: Shelf) -> None:
        year = MetadataCondition(name="y", comparison_operator=MetadataOperator.EMPTY)
        off = replace(conditions(year), metadata_filtering_mode=MetadataFiltering.DISABLED)
        await put_out(shelf, off)
        assert shelf.requests[0].filter.conditions == ()

    AUTOMATIC = replace(
        BASE,
        metadata_filtering_mode=MetadataFiltering.AUTOMATIC,
        metadata_model_config=MODEL,
    )

    @staticmethod
    def declare(shelf: Shelf) -> None:
        fields = (MetadataField(name="year", type=MetadataType.NUMBER),)
        shelf.of.knowledge[MANUALS] = replace(shelf.of.knowledge[MANUALS], metadata_fields=fields)

    async def test_a_model_can_find_them_in_the_question(self, shelf: Shelf) -> None:
        self.declare(shelf)
        told = '{"conditions": [{"name": "year", "operator": "=", "value": 2026}]}'
        outcome = await put_out(shelf, self.AUTOMATIC, ScriptedChatModel(*saying(told)))

        assert shelf.requests[0].filter.conditions == (
            MetadataFilter(name="year", operator="=", value=2026),
        )
        assert outcome.usage is not None

    @pytest.mark.parametrize(
        "told",
        [
            "I cannot say.",
            '{"conditions": "none"}',
            '{"conditions": [1, {"name": "colour", "operator": "=", "value": 1}]}',
            '{"conditions": [{"name": "year", "operator": "about", "value": 1}]}',
            '{"conditions": [{"name": "year", "operator": "=", "value": true}]}',
            '{"conditions": [{"name": "year", "operator": "=", "value": ""}]}',
        ],
    )
    async def test_what_makes_no_sense_is_passed_over(self, shelf: Shelf, told: str) -> None:
        self.declare(shelf)
        await put_out(shelf, self.AUTOMATIC, ScriptedChatModel(*saying(told)))
        assert shelf.requests[0].filter.conditions == ()

    async def test_a_condition_may_need_no_value(self, shelf: Shelf) -> None:
        self.declare(shelf)
        told = '{"conditions": [{"name": "year", "operator": "not empty", "value": null}]}'
        await put_out(shelf, self.AUTOMATIC, ScriptedChatModel(*saying(told)))
        (condition,) = shelf.requests[0].filter.conditions
        assert (condition.operator, condition.value) == ("not empty", None)

    async def test_where_nothing_is_declared_no_model_is_asked(self, shelf: Shelf) -> None:
        model = ScriptedChatModel()
        await put_out(shelf, self.AUTOMATIC, model)
        assert model.requests == []


class TestChoosing:
    """A model says which of several Knowledge is searched."""

    SINGLE = replace(
        BASE,
        dataset_ids=(str(MANUALS), str(LETTERS)),
        retrieval_mode=RetrievalMode.SINGLE,
        single_retrieval_config=SingleRetrieval(model=MODEL),
    )

    async def test_only_what_it_chooses_is_searched(self, shelf: Shelf) -> None:
        model = ScriptedChatModel(*saying('{"source": 2}'))
        outcome = await put_out(shelf, self.SINGLE, model)

        assert segments(outcome) == [2]
        assert outcome.usage is not None
        (request,) = model.requests
        assert f"Knowledge {LETTERS.int}" in request.messages[-1].content
        assert request.idempotency_key == "key:choice"

    @pytest.mark.parametrize("told", ["Neither.", '{"source": 3}', '{"source": "two"}'])
    async def test_where_it_names_none_all_are_searched(self, shelf: Shelf, told: str) -> None:
        outcome = await put_out(shelf, self.SINGLE, ScriptedChatModel(*saying(told)))
        assert sorted(segments(outcome)) == [1, 2]

    async def test_with_nothing_to_choose_from_nobody_is_asked(self, shelf: Shelf) -> None:
        model = ScriptedChatModel()
        one = replace(self.SINGLE, dataset_ids=(str(MANUALS),))
        assert segments(await put_out(shelf, one, model)) == [1]
        assert model.requests == []
