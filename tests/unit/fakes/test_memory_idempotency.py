"""The idempotency store in memory keeps every store's promises."""

from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.domain.shared.ids import TenantId
from tests.conformance.idempotency import IdempotencyConformance, LetPass
from tests.fakes.memory_idempotency import MemoryIdempotencyStore


class TestMemoryIdempotencyStore(IdempotencyConformance):
    @pytest.fixture
    def store(self) -> MemoryIdempotencyStore:
        return MemoryIdempotencyStore()

    @pytest.fixture
    def let_pass(self, store: MemoryIdempotencyStore) -> LetPass:
        async def turn(by: timedelta) -> None:
            store.turn(by)

        return turn

    @pytest.fixture
    def tenant_id(self) -> TenantId:
        return TenantId(UUID(int=1))

    @pytest.fixture
    def other_tenant_id(self) -> TenantId:
        return TenantId(UUID(int=2))
