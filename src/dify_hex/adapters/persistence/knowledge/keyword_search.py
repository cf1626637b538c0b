"""Finding words: BM25 over postings, in one statement."""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from types import MappingProxyType
from uuid import UUID

import asyncpg

from dify_hex.adapters.persistence.knowledge.document_filter import documents_sql
from dify_hex.adapters.persistence.knowledge.keyword_statements import search_statement
from dify_hex.adapters.persistence.knowledge.named_parameters import fetch
from dify_hex.adapters.persistence.transactions import Settings
from dify_hex.application.knowledge.index_ports import FoundSegment, KeywordQuery
from dify_hex.domain.shared.ids import SegmentId, TenantId

#: Reading every row of a table looks cheap as long as the server does not know how many have come.
SEARCH_SETTINGS: Settings = MappingProxyType({"enable_seqscan": "off"})


def key_of(knowledge_id: UUID, term: str) -> int:
    """What a term of a Knowledge is kept under: 64 bits, which no two terms of a tenant share."""
    digest = blake2b(term.encode(), digest_size=8, key=knowledge_id.bytes).digest()
    return int.from_bytes(digest, "big", signed=True)


async def search_keywords(
    connection: asyncpg.Connection, tenant_id: TenantId, query: KeywordQuery
) -> Sequence[FoundSegment]:
    """The highest BM25 score first; the connection is in a transaction with the settings."""
    documents = documents_sql(query.filter)
    weights = Counter(key_of(query.knowledge_id, term) for term in query.terms)
    if not weights or query.limit < 1:
        return []
    found = await fetch(
        connection,
        search_statement(documents),
        {
            **documents.parameters,
            "tenant_id": tenant_id,
            "knowledge_id": query.knowledge_id,
            "keys": list(weights),
            "weights": [float(number) for number in weights.values()],
            "limit": query.limit,
        },
    )
    return [
        FoundSegment(segment_id=SegmentId(segment_id), score=score) for segment_id, score in found
    ]
