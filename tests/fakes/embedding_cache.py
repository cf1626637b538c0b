"""A cache of vectors in memory."""

from collections.abc import Mapping, Sequence

from dify_hex.application.knowledge.ports import EmbeddingCache, Vector
from dify_hex.domain.shared.ids import TenantId


class MemoryEmbeddingCache(EmbeddingCache):
    """Keeps everything until it is gone itself."""

    def __init__(self) -> None:
        self.kept: dict[tuple[TenantId, str, bytes], Vector] = {}

    async def find(
        self, tenant_id: TenantId, model: str, hashes: Sequence[bytes]
    ) -> Mapping[bytes, Vector]:
        found = {text: self.kept.get((tenant_id, model, text)) for text in hashes}
        return {text: vector for text, vector in found.items() if vector is not None}

    async def keep(self, tenant_id: TenantId, model: str, vectors: Mapping[bytes, Vector]) -> None:
        for text, vector in vectors.items():
            self.kept.setdefault((tenant_id, model, text), vector)

    async def forget(self, tenant_id: TenantId, model: str, hashes: Sequence[bytes]) -> None:
        for text in hashes:
            self.kept.pop((tenant_id, model, text), None)
