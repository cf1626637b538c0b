"""Idempotency keys on a real database."""

from datetime import timedelta

import asyncpg
import pytest

from dify_hex.adapters.persistence.idempotency import SqlIdempotencyStore, forget_expired_keys
from dify_hex.domain.shared.ids import TenantId
from tests.conformance.idempotency import IdempotencyConformance, LetPass, key_of
from tests.migrations.rows import seeing_rows


@pytest.fixture
def store(pool: asyncpg.Pool) -> SqlIdempotencyStore:
    return SqlIdempotencyStore(pool)


@pytest.fixture
def let_pass(owner: asyncpg.Connection) -> LetPass:
    async def bring_forward(time: timedelta) -> None:
        earlier = "UPDATE idempotency_keys SET expires_at = expires_at - $1::interval"
        async with seeing_rows(owner, "idempotency_keys"):
            await owner.execute(earlier, time)

    return bring_forward


class TestSqlIdempotencyStore(IdempotencyConformance):
    """Each fixture stands above."""


async def test_the_sweep_deletes_what_is_over_and_nothing_else(
    store: SqlIdempotencyStore,
    let_pass: LetPass,
    system_pool: asyncpg.Pool,
    tenant_id: TenantId,
) -> None:
    await store.claim(key_of(tenant_id, key="old"))
    await let_pass(timedelta(minutes=3))
    await store.claim(key_of(tenant_id, key="new"))
    await forget_expired_keys(system_pool)
    left = await system_pool.fetch(
        "SELECT key FROM idempotency_keys WHERE tenant_id = $1", tenant_id
    )
    assert [row["key"] for row in left] == ["new"]
