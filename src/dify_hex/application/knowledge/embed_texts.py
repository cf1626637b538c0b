"""Turning texts into vectors, each text only once per model."""

import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha256

from dify_hex.application.knowledge.ports import (
    EmbeddedTexts,
    EmbeddingCache,
    Embeddings,
    Vector,
)
from dify_hex.application.model_provider.ports import Embedder, ModelEndpoint
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.domain.model_provider.errors import (
    ModelBadRequest,
    ModelContextTooLong,
    ModelVectorInvalid,
)
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.usage import Usage

#: Texts and characters of one request, whichever is reached first.
BATCH_TEXTS = 64
BATCH_CHARACTERS = 48_000
#: Seconds for one request of so many texts, and for a question that somebody waits for.
BATCH_TIMEOUT = 120.0
QUERY_TIMEOUT = 20.0
#: Questions of all tenants that are remembered.
_QUERIES = 2_000


class EmbedTexts(Embeddings):
    """Embeds what is not known yet, in batches, and remembers it.

    - A text is known by its SHA-256, together with the model's provider, name and address: what
      another server under the same name gives is never mixed with it.
    - Texts of one call that are the same are embedded once.
    - A batch that the model's server finds too big is halved until it fits.
    - Every vector leaves with the length 1, whatever the model gives. One that has no direction is
      refused, and nothing of its request is remembered.
    """

    def __init__(
        self, *, resolve_model: ResolveModel, embedder: Embedder, cache: EmbeddingCache
    ) -> None:
        self._resolve_model = resolve_model
        self._embedder = embedder
        self._cache = cache
        self._queries: OrderedDict[tuple[TenantId, str, str], Vector] = OrderedDict()

    async def embed(
        self, tenant_id: TenantId, model: ModelConfig, texts: Sequence[str]
    ) -> EmbeddedTexts:
        """Vectors of length 1 of the texts."""
        hashes = list(map(_hash, texts))
        by_hash = dict(zip(hashes, texts, strict=True))
        endpoint = await self._endpoint(tenant_id, model)
        name = _name(model, endpoint)
        vectors = dict(await self._cache.find(tenant_id, name, list(by_hash)))
        missing = {key: text for key, text in by_hash.items() if key not in vectors}
        called, usage = len(missing), None
        async for found, used in self._embed(model, endpoint, missing):
            await self._cache.keep(tenant_id, name, found)
            vectors |= found
            usage = _sum(usage, used)
        return EmbeddedTexts(vectors=[vectors[key] for key in hashes], called=called, usage=usage)

    async def embed_query(self, tenant_id: TenantId, model: ModelConfig, query: str) -> Vector:
        """The vector of a question."""
        endpoint = await self._endpoint(tenant_id, model)
        key = (tenant_id, _name(model, endpoint), query)
        known = self._queries.get(key)
        if known is None:
            result = await self._embedder.embed(endpoint, [query], timeout=QUERY_TIMEOUT)
            known = self._queries[key] = _of_length_1(result.vectors[0], model)
            while len(self._queries) > _QUERIES:
                self._queries.popitem(last=False)
        self._queries.move_to_end(key)
        return known

    async def forget(self, tenant_id: TenantId, model: ModelConfig, texts: Sequence[str]) -> None:
        """Have the texts embedded anew next time."""
        name = _name(model, await self._endpoint(tenant_id, model))
        await self._cache.forget(tenant_id, name, list(map(_hash, texts)))

    async def _endpoint(self, tenant_id: TenantId, model: ModelConfig) -> ModelEndpoint:
        resolved = await self._resolve_model.execute(tenant_id, model, type=ModelType.EMBEDDING)
        return resolved.endpoint

    async def _embed(
        self, model: ModelConfig, endpoint: ModelEndpoint, missing: dict[bytes, str]
    ) -> AsyncIterator[tuple[dict[bytes, Vector], Usage | None]]:
        limit = BATCH_TEXTS
        while missing:
            batch = _first(missing, limit)
            texts = [missing[key] for key in batch]
            try:
                result = await self._embedder.embed(endpoint, texts, timeout=BATCH_TIMEOUT)
            except (ModelBadRequest, ModelContextTooLong):
                if len(batch) == 1:
                    raise
                # Providers allow from 10 to 2,048 texts, and say so only by refusing more.
                limit = len(batch) // 2
                continue
            vectors = [_of_length_1(vector, model) for vector in result.vectors]
            yield dict(zip(batch, vectors, strict=True)), result.usage
            for key in batch:
                del missing[key]


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _name(model: ModelConfig, endpoint: ModelEndpoint) -> str:
    name = f"{model.provider}/{endpoint.model}"
    # The embedded server listens on another port each time, and is the same one all the same.
    return name if endpoint.trusted else f"{name} at {endpoint.base_url}"


def _first(texts: Mapping[bytes, str], limit: int) -> list[bytes]:
    """The texts of the next request: at least one."""
    batch: list[bytes] = []
    characters = 0
    for key, text in texts.items():
        characters += len(text)
        if batch and (len(batch) == limit or characters > BATCH_CHARACTERS):
            break
        batch.append(key)
    return batch


def _of_length_1(vector: Vector, model: ModelConfig) -> Vector:
    length = math.hypot(*vector)
    if length > 0 and math.isfinite(length):
        return tuple([number / length for number in vector])
    if not vector:
        reason = "has no numbers"
    elif length == 0:
        reason = "is nothing but zeros"
    else:
        reason = "holds something that is no number, or too large"
    raise ModelVectorInvalid(provider=model.provider, model=model.model, reason=reason)


def _sum(one: Usage | None, other: Usage | None) -> Usage | None:
    if one is None or other is None:
        return one or other
    return one.plus(other)
