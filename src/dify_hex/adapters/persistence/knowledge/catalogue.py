"""Which Knowledge a tenant has, as far as searching it goes."""

from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, select

from dify_hex.adapters.persistence.knowledge.mapper import fields_to_domain, settings_to_domain
from dify_hex.adapters.persistence.knowledge.rows import KnowledgeRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.knowledge.retrieval_ports import KnowledgeCatalogue, SearchableKnowledge
from dify_hex.domain.shared.ids import KnowledgeId, TenantId

_FIND = select(
    KnowledgeRow.id,
    KnowledgeRow.name,
    KnowledgeRow.description,
    KnowledgeRow.settings,
    KnowledgeRow.metadata_fields,
).where(
    KnowledgeRow.tenant_id == bindparam("tenant_id"),
    KnowledgeRow.id.in_(bindparam("ids", expanding=True)),
    KnowledgeRow.deleted_at.is_(None),
)


class SqlKnowledgeCatalogue(KnowledgeCatalogue):
    """Looks Knowledge up fresh, so that changed settings count from the next search on."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        """Those of the Knowledge that there are."""
        if not ids:
            return {}
        async with self._reads(tenant_id) as connection:
            rows = await connection.execute(_FIND, {"tenant_id": tenant_id, "ids": list(ids)})
        found: dict[KnowledgeId, SearchableKnowledge] = {}
        for row in rows:
            settings, knowledge_id = settings_to_domain(row.settings), KnowledgeId(row.id)
            found[knowledge_id] = SearchableKnowledge(
                id=knowledge_id,
                name=row.name,
                description=row.description,
                embedding=settings.embedding,
                retrieval=settings.retrieval,
                metadata_fields=fields_to_domain(row.metadata_fields),
            )
        return found
