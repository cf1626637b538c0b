"""Idempotency keys on a real database."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.idempotency import SqlIdempotencyStore, forget_expired_keys
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.idempotency import Claim, FirstAnswer, IdempotencyInProgress
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


async def claim_of(store: SqlIdempotencyStore, tenant_id: TenantId) -> Claim:
    claim = await store.claim(key_of(tenant_id))
    assert isinstance(claim, Claim)
    return claim


async def test_a_claim_that_is_settled_in_a_transaction_is_answered_by_its_commit(
    store: SqlIdempotencyStore, engine: AsyncEngine, tenant_id: TenantId
) -> None:
    claim, message_id = await claim_of(store, tenant_id), uuid4()
    async with SqlUnitOfWork(engine, tenant_id) as work:
        await work.stream_claims.settle(claim, message_id)
        await work.commit()
    # As when the caller was told that the server is away: what was committed stays.
    await store.release(claim)

    answer = await store.claim(key_of(tenant_id))
    assert isinstance(answer, FirstAnswer)
    assert (answer.status, answer.stream_of) == (200, message_id)


async def test_a_claim_that_was_settled_in_a_transaction_that_is_undone_is_still_held(
    store: SqlIdempotencyStore, engine: AsyncEngine, tenant_id: TenantId
) -> None:
    claim = await claim_of(store, tenant_id)
    async with SqlUnitOfWork(engine, tenant_id) as work:
        await work.stream_claims.settle(claim, uuid4())

    with pytest.raises(IdempotencyInProgress):
        await store.claim(key_of(tenant_id))
    assert await store.renew(claim)


async def test_a_claim_that_somebody_else_has_by_now_cannot_be_settled(
    store: SqlIdempotencyStore, engine: AsyncEngine, let_pass: LetPass, tenant_id: TenantId
) -> None:
    lost = await claim_of(store, tenant_id)
    await let_pass(timedelta(minutes=3))
    await claim_of(store, tenant_id)

    async with SqlUnitOfWork(engine, tenant_id) as work:
        with pytest.raises(IdempotencyInProgress):
            await work.stream_claims.settle(lost, uuid4())
