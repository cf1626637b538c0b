"""Which Knowledge a tenant has, as far as searching it goes."""

from collections.abc import Collection, Mapping

import asyncpg
import orjson

from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.knowledge.mapper import fields_to_domain, settings_to_domain
from dify_hex.application.knowledge.retrieval_ports import KnowledgeCatalogue, SearchableKnowledge
from dify_hex.domain.shared.ids import KnowledgeId, TenantId

#: The function names its tenant for as long as the statement lasts: every retrieval asks.
_FIND = "SELECT * FROM searchable_knowledge($1, $2)"


class SqlKnowledgeCatalogue(KnowledgeCatalogue):
    """Looks Knowledge up fresh, so that changed settings count from the next search on."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        """Those of the Knowledge that there are."""
        if not ids:
            return {}
        with translating():
            rows = await self._pool.fetch(_FIND, tenant_id, list(ids))
        found: dict[KnowledgeId, SearchableKnowledge] = {}
        for row in rows:
            settings = settings_to_domain(orjson.loads(row["settings"]))
            knowledge_id = KnowledgeId(row["knowledge_id"])
            found[knowledge_id] = SearchableKnowledge(
                id=knowledge_id,
                name=row["knowledge_name"],
                description=row["about"],
                embedding=settings.embedding,
                retrieval=settings.retrieval,
                metadata_fields=fields_to_domain(orjson.loads(row["metadata_fields"])),
            )
        return found
