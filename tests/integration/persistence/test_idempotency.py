"""Idempotency keys on a real database."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from dify_hex.adapters.persistence.idempotency import SqlIdempotencyStore, forget_expired_keys
from dify_hex.application.shared.idempotency import (
    FirstAnswer,
    IdempotencyInProgress,
    IdempotencyKey,
    IdempotencyKeyReused,
)
from dify_hex.domain.shared.ids import TenantId
from tests.migrations.rows import seeing_rows

ANSWER = FirstAnswer(
    status=201, headers={"location": "/v1/apps/1"}, body=b'{"code":"success"}', stream_of=uuid4()
)


@pytest.fixture
def store(pool: asyncpg.Pool) -> SqlIdempotencyStore:
    return SqlIdempotencyStore(pool)


def key_of(
    tenant_id: TenantId, *, caller: str = "key:1", key: str = "k", fingerprint: bytes = b"body"
) -> IdempotencyKey:
    return IdempotencyKey(
        tenant_id=tenant_id,
        caller=caller,
        route="POST /v1/apps",
        key=key,
        fingerprint=fingerprint,
    )


async def let_pass(owner: asyncpg.Connection, time: timedelta) -> None:
    earlier = "UPDATE idempotency_keys SET expires_at = expires_at - $1::interval"
    async with seeing_rows(owner, "idempotency_keys"):
        await owner.execute(earlier, time)


async def test_the_first_request_becomes_the_one_who_answers(
    store: SqlIdempotencyStore, tenant_id: TenantId
) -> None:
    assert await store.claim(key_of(tenant_id)) is None


async def test_asking_again_gives_the_first_answer(
    store: SqlIdempotencyStore, tenant_id: TenantId
) -> None:
    key = key_of(tenant_id)
    await store.claim(key)
    await store.complete(key, ANSWER)
    assert await store.claim(key) == ANSWER


async def test_asking_while_the_first_is_in_progress_is_refused(
    store: SqlIdempotencyStore, tenant_id: TenantId
) -> None:
    key = key_of(tenant_id)
    await store.claim(key)
    with pytest.raises(IdempotencyInProgress):
        await store.claim(key)


@pytest.mark.parametrize("answered", [True, False])
async def test_another_request_with_the_same_key_is_refused(
    store: SqlIdempotencyStore, tenant_id: TenantId, answered: bool
) -> None:
    key = key_of(tenant_id)
    await store.claim(key)
    if answered:
        await store.complete(key, ANSWER)
    with pytest.raises(IdempotencyKeyReused):
        await store.claim(key_of(tenant_id, fingerprint=b"another"))


async def test_tenants_and_callers_do_not_meet(
    store: SqlIdempotencyStore, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    for key in (
        key_of(tenant_id),
        key_of(other_tenant_id),
        key_of(tenant_id, caller="key:2"),
        key_of(tenant_id, key="another"),
    ):
        assert await store.claim(key) is None


async def test_a_released_key_is_free_at_once(
    store: SqlIdempotencyStore, tenant_id: TenantId
) -> None:
    key = key_of(tenant_id)
    await store.claim(key)
    await store.release(key)
    assert await store.claim(key) is None


async def test_an_answer_is_not_released(store: SqlIdempotencyStore, tenant_id: TenantId) -> None:
    key = key_of(tenant_id)
    await store.claim(key)
    await store.complete(key, ANSWER)
    await store.release(key)
    assert await store.claim(key) == ANSWER


async def test_a_claim_whose_owner_died_ends_after_two_minutes(
    store: SqlIdempotencyStore, owner: asyncpg.Connection, tenant_id: TenantId
) -> None:
    key = key_of(tenant_id)
    await store.claim(key)
    await let_pass(owner, timedelta(minutes=2))
    assert await store.claim(key) is None


async def test_an_answer_is_forgotten_after_a_day(
    store: SqlIdempotencyStore, owner: asyncpg.Connection, tenant_id: TenantId
) -> None:
    key = key_of(tenant_id)
    await store.claim(key)
    await store.complete(key, ANSWER)
    await let_pass(owner, timedelta(hours=23))
    assert await store.claim(key) == ANSWER
    await let_pass(owner, timedelta(hours=1))
    assert await store.claim(key_of(tenant_id, fingerprint=b"another")) is None


async def test_of_many_at_once_one_answers(store: SqlIdempotencyStore, tenant_id: TenantId) -> None:
    key = key_of(tenant_id)
    outcomes = await asyncio.gather(*[store.claim(key) for _ in range(10)], return_exceptions=True)
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, IdempotencyInProgress) for outcome in outcomes) == 9


async def test_the_sweep_deletes_what_is_over_and_nothing_else(
    store: SqlIdempotencyStore,
    owner: asyncpg.Connection,
    system_pool: asyncpg.Pool,
    tenant_id: TenantId,
) -> None:
    await store.claim(key_of(tenant_id, key="old"))
    await let_pass(owner, timedelta(minutes=3))
    await store.claim(key_of(tenant_id, key="new"))
    await forget_expired_keys(system_pool)
    left = await system_pool.fetch(
        "SELECT key FROM idempotency_keys WHERE tenant_id = $1", tenant_id
    )
    assert [row["key"] for row in left] == ["new"]
