"""How often segments were given, written in batches beside the retrievals."""

from collections import Counter
from collections.abc import Sequence

import asyncpg

from dify_hex.adapters.persistence.flushing import flush_every
from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.knowledge.retrieval_ports import SegmentHits
from dify_hex.domain.shared.ids import SegmentId, TenantId

_FLUSH_SECONDS = 2.0
#: Segments whose hits are remembered until they are written; others are not counted meanwhile.
_MOST_SEGMENTS = 20_000

#: In the order of the ids, so that two processes never wait for each other in a circle. Each is
#: looked up by itself: of tables that were just filled, a join might read every segment there is.
COUNT = """
WITH hit AS (
    SELECT segment.id, noted.times
    FROM (SELECT * FROM unnest($1::uuid[], $2::int[]) AS given(id, times) ORDER BY id) AS noted
    CROSS JOIN LATERAL (SELECT id FROM segments WHERE id = noted.id FOR UPDATE) AS segment
)
UPDATE segments AS segment SET hit_count = segment.hit_count + hit.times
FROM hit WHERE segment.id = hit.id
"""


class SqlSegmentHits(SegmentHits):
    """Collects hits in memory; `run` writes them down every few seconds until it is cancelled."""

    def __init__(self, pool: asyncpg.Pool, *, flush_seconds: float = _FLUSH_SECONDS) -> None:
        self._pool = pool
        self._flush_seconds = flush_seconds
        self._pending: Counter[tuple[TenantId, SegmentId]] = Counter()

    def note(self, tenant_id: TenantId, segment_ids: Sequence[SegmentId]) -> None:
        """Each of the segments was given once more; never waits."""
        for segment_id in segment_ids:
            key = tenant_id, segment_id
            if key in self._pending or len(self._pending) < _MOST_SEGMENTS:
                self._pending[key] += 1

    async def run(self) -> None:
        """Write down what was noted, for ever; a failure costs those notes and nothing else."""
        await flush_every(self._flush_seconds, self.flush, lost="segment_hits.lost")

    async def flush(self) -> None:
        """Write down what was noted so far.

        Raises:
            Unavailable: the database could not be reached.
        """
        pending, self._pending = self._pending, Counter()
        if not pending:
            return
        tenants = {tenant_id for tenant_id, _ in pending}
        async with tenant_connection(self._pool, *tenants) as connection:
            segment_ids = [segment_id for _, segment_id in pending]
            await connection.execute(COUNT, segment_ids, list(pending.values()))
