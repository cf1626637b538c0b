"""How much each Knowledge has in its indexes, counted in the transactions that change it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

#: So many documents of one Knowledge can be indexed at once without waiting for each other, or so.
SHARDS = 32

_ADD = text("""
INSERT INTO index_totals AS total (tenant_id, knowledge_id, shard, segments, terms, vectors)
SELECT :tenant_id, :knowledge_id, change.*
FROM unnest(CAST(:shards AS smallint[]), CAST(:segments AS bigint[]), CAST(:terms AS bigint[]),
            CAST(:vectors AS bigint[])) AS change
ON CONFLICT (tenant_id, knowledge_id, shard) DO UPDATE SET
    segments = total.segments + excluded.segments, terms = total.terms + excluded.terms,
    vectors = total.vectors + excluded.vectors
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What came into the indexes or, negative, left them, for one document."""

    document_id: UUID
    segments: int = 0
    terms: int = 0
    vectors: int = 0


def shard_of(document_id: UUID) -> int:
    """The shard that counts for the document; the last bits of an id are random."""
    return document_id.int % SHARDS


async def count_changes(
    session: AsyncSession, tenant_id: UUID, knowledge_id: UUID, changes: Iterable[Change]
) -> None:
    """Add the changes up, in the order of the shards, so that two of us never wait in a circle."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for change in changes:
        of_shard = sums[shard_of(change.document_id)]
        for place, number in enumerate((change.segments, change.terms, change.vectors)):
            of_shard[place] += number
    changed = sorted((shard, added) for shard, added in sums.items() if any(added))
    if not changed:
        return
    await session.execute(
        _ADD,
        {
            "tenant_id": tenant_id,
            "knowledge_id": knowledge_id,
            "shards": [shard for shard, _ in changed],
            "segments": [added[0] for _, added in changed],
            "terms": [added[1] for _, added in changed],
            "vectors": [added[2] for _, added in changed],
        },
    )
