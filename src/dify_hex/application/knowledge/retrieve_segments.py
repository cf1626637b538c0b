"""Trying out what a Knowledge finds."""

from dataclasses import dataclass, field

from dify_hex.application.knowledge.index_ports import DocumentFilter
from dify_hex.application.knowledge.retrieved import RetrievalRequest, Retrieved
from dify_hex.application.knowledge.segment_retrieval import MAX_QUERY_LENGTH, SegmentRetrieval
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.knowledge.retrieval.errors import (
    RetrievalOverridesInvalid,
    RetrievalQueryInvalid,
)
from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveSegmentsCommand:
    """What is looked for in which Knowledge, and what counts in place of its settings."""

    knowledge_id: KnowledgeId
    query: str
    overrides: RetrievalOverrides = field(default_factory=RetrievalOverrides)
    filter: DocumentFilter = field(default_factory=DocumentFilter)


class RetrieveSegments:
    """Shows what a Knowledge finds for a question, as an App would be given it.

    - Who may read Knowledge may search it.
    - What is said in place of its settings counts for this question only.
    - Of a hybrid search whose one part fails, the other is shown, with what failed.
    """

    def __init__(self, *, retrieval: SegmentRetrieval) -> None:
        self._retrieval = retrieval

    async def execute(self, actor: Actor, command: RetrieveSegmentsCommand) -> Retrieved:
        """The passages, and how each stage came to them.

        Raises:
            KnowledgeNotFound: there is no such Knowledge.
            RetrievalQueryInvalid: the query is empty or too long.
            RetrievalOverridesInvalid: with everything that is out of range.
            DomainError: it cannot be searched; why is told by whoever could not.
        """
        actor.require(Permission.KNOWLEDGE_READ)
        if not command.query.strip() or len(command.query) > MAX_QUERY_LENGTH:
            raise RetrievalQueryInvalid(max_length=MAX_QUERY_LENGTH)
        faults = list(command.overrides.faults("settings"))
        if faults:
            raise RetrievalOverridesInvalid(faults)
        retrieved = await self._retrieval.retrieve(
            actor.tenant_id,
            RetrievalRequest(
                query=command.query,
                sources=(KnowledgeSource(knowledge_id=command.knowledge_id),),
                overrides=command.overrides,
                filter=command.filter,
            ),
        )
        if not retrieved.stages.plan.knowledge:
            raise KnowledgeNotFound
        return retrieved
