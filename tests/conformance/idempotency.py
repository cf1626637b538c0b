"""What every idempotency store promises, wherever it remembers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from dify_hex.application.shared.idempotency import (
    Claim,
    FirstAnswer,
    IdempotencyInProgress,
    IdempotencyKey,
    IdempotencyKeyReused,
    IdempotencyStore,
)
from dify_hex.domain.shared.ids import TenantId

#: Lets this much time pass for the store.
LetPass = Callable[[timedelta], Awaitable[None]]

ANSWER = FirstAnswer(
    status=201,
    headers={"location": "/v1/apps/1"},
    body=b'{"code":"success"}',
    stream_of=uuid4(),
    content=b"mark",
)


def key_of(
    tenant_id: TenantId, *, caller: str = "key:1", key: str = "k", fingerprint: bytes = b"body"
) -> IdempotencyKey:
    """A key of that tenant."""
    return IdempotencyKey(
        tenant_id=tenant_id,
        caller=caller,
        route="POST /v1/apps",
        key=key,
        fingerprint=fingerprint,
    )


async def claimed(store: IdempotencyStore, key: IdempotencyKey) -> Claim:
    """The claim on a key that is free."""
    claim = await store.claim(key)
    assert isinstance(claim, Claim)
    return claim


class IdempotencyConformance:
    """Subclasses give the fixtures `store`, `let_pass`, `tenant_id` and `other_tenant_id`."""

    async def test_the_first_request_becomes_the_one_who_answers(
        self, store: IdempotencyStore, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        assert (await claimed(store, key)).key == key

    async def test_asking_again_gives_the_first_answer(
        self, store: IdempotencyStore, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        await store.complete(await claimed(store, key), ANSWER)
        assert await store.claim(key) == ANSWER

    async def test_asking_while_the_first_is_in_progress_is_refused(
        self, store: IdempotencyStore, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        await store.claim(key)
        with pytest.raises(IdempotencyInProgress):
            await store.claim(key)

    @pytest.mark.parametrize("answered", [True, False])
    async def test_another_request_with_the_same_key_is_refused(
        self, store: IdempotencyStore, tenant_id: TenantId, answered: bool
    ) -> None:
        claim = await claimed(store, key_of(tenant_id))
        if answered:
            await store.complete(claim, ANSWER)
        with pytest.raises(IdempotencyKeyReused):
            await store.claim(key_of(tenant_id, fingerprint=b"another"))

    async def test_tenants_and_callers_do_not_meet(
        self, store: IdempotencyStore, tenant_id: TenantId, other_tenant_id: TenantId
    ) -> None:
        for key in (
            key_of(tenant_id),
            key_of(other_tenant_id),
            key_of(tenant_id, caller="key:2"),
            key_of(tenant_id, key="another"),
        ):
            await claimed(store, key)

    async def test_a_released_key_is_free_at_once(
        self, store: IdempotencyStore, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        await store.release(await claimed(store, key))
        await claimed(store, key)

    async def test_an_answer_is_not_released(
        self, store: IdempotencyStore, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        claim = await claimed(store, key)
        await store.complete(claim, ANSWER)
        await store.release(claim)
        assert await store.claim(key) == ANSWER

    async def test_a_claim_whose_owner_died_ends_after_two_minutes(
        self, store: IdempotencyStore, let_pass: LetPass, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        await store.claim(key)
        await let_pass(timedelta(minutes=2))
        await claimed(store, key)

    async def test_a_claim_that_is_renewed_lasts_as_long_as_its_request(
        self, store: IdempotencyStore, let_pass: LetPass, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        claim = await claimed(store, key)
        for _ in range(3):
            await let_pass(timedelta(seconds=90))
            assert await store.renew(claim)

        with pytest.raises(IdempotencyInProgress):
            await store.claim(key)
        await store.complete(claim, ANSWER)
        assert await store.claim(key) == ANSWER

    async def test_who_lost_a_claim_touches_nothing_of_the_next_owner(
        self, store: IdempotencyStore, let_pass: LetPass, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        lost = await claimed(store, key)
        await let_pass(timedelta(minutes=2))
        held = await claimed(store, key)

        assert not await store.renew(lost)
        await store.release(lost)
        await store.complete(lost, FirstAnswer(status=200))

        with pytest.raises(IdempotencyInProgress):
            await store.claim(key)
        await store.complete(held, ANSWER)
        assert await store.claim(key) == ANSWER

    async def test_what_is_answered_or_released_is_not_renewed(
        self, store: IdempotencyStore, tenant_id: TenantId
    ) -> None:
        answered = await claimed(store, key_of(tenant_id))
        await store.complete(answered, ANSWER)
        released = await claimed(store, key_of(tenant_id, key="another"))
        await store.release(released)

        assert [await store.renew(claim) for claim in (answered, released)] == [False, False]

    async def test_an_answer_is_forgotten_after_a_day(
        self, store: IdempotencyStore, let_pass: LetPass, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        await store.complete(await claimed(store, key), ANSWER)
        await let_pass(timedelta(hours=23))
        assert await store.claim(key) == ANSWER
        await let_pass(timedelta(hours=1))
        await claimed(store, key_of(tenant_id, fingerprint=b"another"))

    async def test_of_many_at_once_one_answers(
        self, store: IdempotencyStore, tenant_id: TenantId
    ) -> None:
        key = key_of(tenant_id)
        outcomes = await asyncio.gather(
            *[store.claim(key) for _ in range(10)], return_exceptions=True
        )
        assert sum(isinstance(outcome, Claim) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, IdempotencyInProgress) for outcome in outcomes) == 9
