"""Where nodes look passages up."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Protocol

from dify_hex.application.knowledge.retrieval_ports import SearchableKnowledge
from dify_hex.application.knowledge.retrieved import RetrievalRequest, Retrieved
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.shared.ids import KnowledgeId, TenantId


class KnowledgePassages(Protocol):
    """The tenant's Knowledge, to choose from and to search."""

    @abstractmethod
    async def describe(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        """Those of the Knowledge that there are; the others are left out."""

    @abstractmethod
    async def retrieve(self, tenant_id: TenantId, request: RetrievalRequest) -> Retrieved:
        """The passages, with what failed.

        Raises:
            DomainError: nothing of what there is could be searched.
        """


class NoKnowledge(KnowledgePassages):
    """Where there is none: nothing is described, and nothing found."""

    async def describe(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        """None of it."""
        del tenant_id, ids
        return {}

    async def retrieve(self, tenant_id: TenantId, request: RetrievalRequest) -> Retrieved:
        """Nothing is searched."""
        del tenant_id, request
        raise KnowledgeNotFound
