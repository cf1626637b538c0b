"""What every cache of vectors promises."""

from hashlib import sha256
from uuid import uuid4

import pytest

from dify_hex.application.knowledge.ports import EmbeddingCache
from dify_hex.domain.shared.ids import TenantId

ONE, OTHER = (sha256(text).digest() for text in (b"one", b"other"))


class EmbeddingCacheConformance:
    """Subclasses provide `cache`."""

    @pytest.fixture
    def tenant_id(self) -> TenantId:
        return TenantId(uuid4())

    async def test_what_was_kept_is_found_by_the_hash_of_its_text(
        self, cache: EmbeddingCache, tenant_id: TenantId
    ) -> None:
        await cache.keep(tenant_id, "local/m", {ONE: (0.25, -0.5, 0.0)})

        found = await cache.find(tenant_id, "local/m", [OTHER, ONE])

        assert dict(found) == {ONE: (0.25, -0.5, 0.0)}

    async def test_each_model_has_its_own_vectors(
        self, cache: EmbeddingCache, tenant_id: TenantId
    ) -> None:
        await cache.keep(tenant_id, "local/m", {ONE: (1.0,)})

        assert not await cache.find(tenant_id, "local/other", [ONE])

    async def test_no_tenant_finds_what_another_has_kept(
        self, cache: EmbeddingCache, tenant_id: TenantId
    ) -> None:
        await cache.keep(tenant_id, "local/m", {ONE: (1.0,)})

        assert not await cache.find(TenantId(uuid4()), "local/m", [ONE])

    async def test_what_is_known_stays_as_it_is(
        self, cache: EmbeddingCache, tenant_id: TenantId
    ) -> None:
        await cache.keep(tenant_id, "local/m", {ONE: (1.0,)})
        await cache.keep(tenant_id, "local/m", {ONE: (0.5,), OTHER: (0.75,)})

        found = await cache.find(tenant_id, "local/m", [ONE, OTHER])

        assert dict(found) == {ONE: (1.0,), OTHER: (0.75,)}

    async def test_nothing_is_kept_and_found_as_nothing(
        self, cache: EmbeddingCache, tenant_id: TenantId
    ) -> None:
        await cache.keep(tenant_id, "local/m", {})

        assert not await cache.find(tenant_id, "local/m", [])

    async def test_what_is_forgotten_can_be_kept_anew(
        self, cache: EmbeddingCache, tenant_id: TenantId
    ) -> None:
        await cache.keep(tenant_id, "local/m", {ONE: (1.0,), OTHER: (0.5,)})

        await cache.forget(tenant_id, "local/m", [ONE])
        await cache.keep(tenant_id, "local/m", {ONE: (0.25,)})

        found = await cache.find(tenant_id, "local/m", [ONE, OTHER])
        assert dict(found) == {ONE: (0.25,), OTHER: (0.5,)}
