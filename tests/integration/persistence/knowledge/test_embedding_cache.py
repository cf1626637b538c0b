"""The cache of vectors in Postgres keeps the promises of its port."""

from datetime import timedelta
from hashlib import sha256

import asyncpg
import pytest

from dify_hex.adapters.persistence.knowledge.embedding_cache import (
    SqlEmbeddingCache,
    forget_unused_embeddings,
)
from dify_hex.domain.shared.ids import TenantId
from tests.conformance.embedding_cache import EmbeddingCacheConformance

KEY = sha256(b"text").digest()


@pytest.fixture
def cache(pool: asyncpg.Pool) -> SqlEmbeddingCache:
    return SqlEmbeddingCache(pool)


class TestSqlEmbeddingCache(EmbeddingCacheConformance):
    pass


async def age(owner: asyncpg.Connection, tenant_id: TenantId, days: int) -> None:
    async with owner.transaction():
        await owner.execute("ALTER TABLE embedding_cache NO FORCE ROW LEVEL SECURITY")
        await owner.execute(
            "UPDATE embedding_cache SET used_on = current_date - $2::int WHERE tenant_id = $1",
            tenant_id,
            days,
        )
        await owner.execute("ALTER TABLE embedding_cache FORCE ROW LEVEL SECURITY")


async def test_what_nobody_has_used_for_long_is_forgotten(
    cache: SqlEmbeddingCache,
    tenant_id: TenantId,
    owner: asyncpg.Connection,
    system_pool: asyncpg.Pool,
) -> None:
    await cache.keep(tenant_id, "local/m", {KEY: (1.0,)})
    await age(owner, tenant_id, 40)

    await forget_unused_embeddings(system_pool, timedelta(days=60))
    assert await cache.find(tenant_id, "local/m", [KEY])

    # It was found: that counts as used.
    await forget_unused_embeddings(system_pool, timedelta(days=30))
    assert await cache.find(tenant_id, "local/m", [KEY])

    await age(owner, tenant_id, 40)
    await forget_unused_embeddings(system_pool, timedelta(days=30))
    assert not await cache.find(tenant_id, "local/m", [KEY])
