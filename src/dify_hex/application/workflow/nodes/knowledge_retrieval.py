"""Executes the knowledge-retrieval node: the passages that fit a question."""

from collections.abc import AsyncGenerator, Mapping, Sequence

from dify_hex.application.knowledge.index_ports import DocumentFilter, MetadataFilter
from dify_hex.application.knowledge.retrieval_ports import SearchableKnowledge
from dify_hex.application.knowledge.retrieved import (
    RetrievalFailure,
    RetrievalRequest,
    Retrieved,
    RetrievedPassage,
)
from dify_hex.application.shared.patience import patiently
from dify_hex.application.workflow.node_executor import NodeContext, NodeExecutor, NodeOutput
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompting.knowledge_questions import KnowledgeQuestions
from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.shared.values.metadata_conditions import MetadataCondition
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.citing import passage_object
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.knowledge_retrieval import (
    KnowledgeRetrievalConfig,
    MetadataFiltering,
    RetrievalMode,
)
from dify_hex.domain.workflow.variables.pool import as_text
from dify_hex.domain.workflow.variables.template import Template


class KnowledgeRetrievalExecutor(NodeExecutor[KnowledgeRetrievalConfig]):
    """Searches the Knowledge that the node names; what it finds is part of the journal.

    - In the mode `single` a model chooses one of several Knowledge; where it names none, all of
      them are searched.
    - Conditions are those that are written down, or those that a model finds in the question.
    - What cannot be searched is told in `failures`, as long as something could; else the node
      fails. A database that is away is waited for.
    - A Knowledge that is gone is told in `failures` too, and never fails the node.
    """

    def __init__(self, services: NodeServices) -> None:
        self._knowledge = services.knowledge
        self._questions = KnowledgeQuestions(services)

    async def execute(
        self, config: KnowledgeRetrievalConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield the passages, best first.

        Raises:
            VariableMissing: the question, or what documents are compared with, has no value.
            DomainError: nothing of what there is could be searched, or the model that was to say
                where cannot be asked.
        """
        query = _query(config, context)
        sources, chosen = await self._sources(config, context, query)
        conditions, found = await self._conditions(config, context, query, sources)
        request = RetrievalRequest(
            query=query,
            sources=sources,
            overrides=config.overrides,
            filter=_filter(config, context, conditions),
        )
        retrieved = await patiently(lambda: self._knowledge.retrieve(context.tenant_id, request))
        usage = chosen.plus(found)
        yield NodeOutcome(outputs=_outputs(retrieved), usage=usage if usage != Usage() else None)

    async def _sources(
        self, config: KnowledgeRetrievalConfig, context: NodeContext, query: str
    ) -> tuple[tuple[KnowledgeSource, ...], Usage]:
        sources, single = config.sources, config.single_retrieval_config
        if config.retrieval_mode is not RetrievalMode.SINGLE or single is None:
            return sources, Usage()
        offered = [*(await self._described(context, sources)).values()]
        if len(offered) < 2 or not query.strip():
            return sources, Usage()
        choice, usage = await self._questions.choice(context, single.model, query, offered)
        if choice is None:
            return sources, usage
        return tuple(each for each in sources if each.knowledge_id == choice.id), usage

    async def _conditions(
        self,
        config: KnowledgeRetrievalConfig,
        context: NodeContext,
        query: str,
        sources: Sequence[KnowledgeSource],
    ) -> tuple[tuple[MetadataCondition, ...], Usage]:
        model = config.metadata_model_config
        match config.metadata_filtering_mode:
            case MetadataFiltering.MANUAL:
                return config.conditions, Usage()
            case MetadataFiltering.AUTOMATIC if model is not None and query.strip():
                offered = (await self._described(context, sources)).values()
                return await self._questions.conditions(context, model, query, offered)
            case _:
                return (), Usage()

    async def _described(
        self, context: NodeContext, sources: Sequence[KnowledgeSource]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        ids = [source.knowledge_id for source in sources]
        return await patiently(lambda: self._knowledge.describe(context.tenant_id, ids))


def _query(config: KnowledgeRetrievalConfig, context: NodeContext) -> str:
    if config.query_variable_selector is None:
        return ""
    return as_text(context.variables.get(config.query_variable_selector))


def _filter(
    config: KnowledgeRetrievalConfig,
    context: NodeContext,
    conditions: Sequence[MetadataCondition],
) -> DocumentFilter:
    written = config.metadata_filtering_mode is MetadataFiltering.MANUAL
    filters = config.metadata_filtering_conditions
    any_of = filters is not None and filters.logical_operator is LogicalOperator.OR
    return DocumentFilter(
        conditions=tuple(
            MetadataFilter(
                name=each.name,
                operator=each.comparison_operator.value,
                value=_expected(each.value, context) if written else each.value,
            )
            for each in conditions
        ),
        any_condition=written and any_of,
    )


def _expected(value: JsonValue, context: NodeContext) -> JsonValue:
    """What is compared with; a text that is nothing but a reference keeps the value's type."""
    if not isinstance(value, str):
        return value
    template = Template.parse(value)
    if len(template.segments) == 1 and template.selectors:
        return context.variables.get(template.selectors[0])
    return context.variables.render(template)


def _outputs(retrieved: Retrieved) -> JsonObject:
    return {
        "result": tuple(map(_passage, retrieved.passages)),
        "failures": tuple(map(_failure, retrieved.failures)),
    }


def _passage(passage: RetrievedPassage) -> JsonObject:
    stored = passage.stored
    return passage_object(
        passage.citation,
        {
            "child_chunks": [
                {"id": str(each.found_id), "content": each.matched, "score": found.score}
                for each, found in zip(passage.found, passage.passage.found, strict=True)
                if each.found_id != each.segment_id
            ],
            "segment_hit_count": stored.hit_count,
            "segment_word_count": len(stored.content),
            "segment_index_node_hash": stored.content_hash,
            "doc_metadata": dict(stored.metadata),
        },
    )


def _failure(failure: RetrievalFailure) -> JsonObject:
    return {
        "dataset_id": None if failure.knowledge_id is None else str(failure.knowledge_id),
        "part": failure.part,
        "code": failure.error.code,
        "message": failure.error.message,
    }
