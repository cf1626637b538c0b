"""The vectors of texts in Postgres, in half precision: an index keeps no more of them."""

import struct
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from hashlib import sha256

import asyncpg

from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.knowledge.ports import EmbeddingCache, Vector
from dify_hex.domain.shared.ids import TenantId

_FIND = """
SELECT key, vector, used_on < current_date AS is_old
FROM embedding_cache WHERE key = ANY($1::bytea[])
"""
#: A day is exact enough, and spares a write for every read.
_TOUCH = """
UPDATE embedding_cache SET used_on = current_date
WHERE key = ANY($1::bytea[]) AND used_on < current_date
"""
#: In the order of the keys, so that two writers never wait for each other.
_KEEP = """
INSERT INTO embedding_cache (tenant_id, key, vector)
SELECT $1::uuid, given.key, given.vector
FROM unnest($2::bytea[], $3::bytea[]) AS given (key, vector) ORDER BY given.key
ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM embedding_cache WHERE key = ANY($1::bytea[])"
_SWEEP = """
DELETE FROM embedding_cache WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM embedding_cache WHERE used_on < current_date - $1::int LIMIT $2
))
"""
_SWEPT_AT_ONCE = 5_000


class SqlEmbeddingCache(EmbeddingCache):
    """Keeps each vector under the hash of its model and text, two bytes a number."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(
        self, tenant_id: TenantId, model: str, hashes: Sequence[bytes]
    ) -> Mapping[bytes, Vector]:
        """The vectors that are known, by the hash of the text."""
        if not hashes:
            return {}
        by_key = {_key(model, text): text for text in hashes}
        async with tenant_connection(self._pool, tenant_id) as connection:
            rows = await connection.fetch(_FIND, list(by_key))
            if any(row["is_old"] for row in rows):
                await connection.execute(_TOUCH, [row["key"] for row in rows])
        return {by_key[row["key"]]: _unpacked(row["vector"]) for row in rows}

    async def keep(self, tenant_id: TenantId, model: str, vectors: Mapping[bytes, Vector]) -> None:
        """Remember the vectors."""
        if not vectors:
            return
        keys = list(map(partial(_key, model), vectors))
        async with tenant_connection(self._pool, tenant_id) as connection:
            await connection.execute(_KEEP, tenant_id, keys, list(map(_packed, vectors.values())))

    async def forget(self, tenant_id: TenantId, model: str, hashes: Sequence[bytes]) -> None:
        """Remember them no longer."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            await connection.execute(_FORGET, list(map(partial(_key, model), hashes)))


async def forget_unused_embeddings(system_pool: asyncpg.Pool, keep_for: timedelta) -> None:
    """Delete vectors that nobody has asked for meanwhile, some at a time."""
    deleted = _SWEPT_AT_ONCE
    while deleted == _SWEPT_AT_ONCE:
        with translating():
            status = await system_pool.execute(_SWEEP, keep_for.days, _SWEPT_AT_ONCE)
        deleted = int(status.rpartition(" ")[2])


def _key(model: str, text_hash: bytes) -> bytes:
    return sha256(model.encode() + b"\0" + text_hash).digest()


def _packed(vector: Vector) -> bytes:
    return struct.pack(f"<{len(vector)}e", *vector)


def _unpacked(content: bytes) -> Vector:
    return struct.unpack(f"<{len(content) // 2}e", content)
