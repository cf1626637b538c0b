"""Every text is embedded once, whoever asks again."""

import math
from collections.abc import Sequence

import pytest

from dify_hex.application.knowledge.embed_texts import BATCH_CHARACTERS, BATCH_TEXTS, EmbedTexts
from dify_hex.application.model_provider.change_model_provider import Replacement
from dify_hex.application.model_provider.ports import Embedder, EmbeddingResult, ModelEndpoint
from dify_hex.domain.model_provider.errors import (
    ModelBadRequest,
    ModelTypeMismatch,
    ModelUnavailable,
    ModelVectorInvalid,
)
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.secret_text import SecretText
from dify_hex.domain.shared.values.usage import Usage
from tests.builders.model_provider import CHAT, EMBEDDING, TENANT
from tests.conformance.embedding_cache import EmbeddingCacheConformance
from tests.fakes.embedding_cache import MemoryEmbeddingCache
from tests.unit.application.model_provider.conftest import ProviderHouse

MODEL = ModelConfig(provider="openai", model=EMBEDDING.name)


class CountingEmbedder(Embedder):
    """Gives each text a vector of its own, of length 5; refuses batches that are too big."""

    def __init__(self, most: int = 10_000) -> None:
        self.batches: list[list[str]] = []
        self.most = most
        self.away_after: int | None = None
        #: What single texts get in place of a vector of that length.
        self.wrong: dict[str, tuple[float, ...]] = {}

    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        if self.away_after is not None and len(self.batches) >= self.away_after:
            raise ModelUnavailable(provider="openai", model=endpoint.model)
        if len(texts) > self.most or "unfit" in texts:
            raise ModelBadRequest(provider="openai", model=endpoint.model)
        self.batches.append([*texts])
        return EmbeddingResult(
            vectors=tuple(
                self.wrong.get(text, (3.0, 4.0 if len(text) % 2 else -4.0)) for text in texts
            ),
            usage=Usage(prompt_tokens=len(texts)),
        )

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


class TestMemoryEmbeddingCache(EmbeddingCacheConformance):
    @pytest.fixture
    def cache(self) -> MemoryEmbeddingCache:
        return MemoryEmbeddingCache()


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def cache() -> MemoryEmbeddingCache:
    return MemoryEmbeddingCache()


@pytest.fixture
def house() -> ProviderHouse:
    return ProviderHouse()


@pytest.fixture
async def embeddings(
    house: ProviderHouse, embedder: CountingEmbedder, cache: MemoryEmbeddingCache
) -> EmbedTexts:
    await house.made(models=(CHAT, EMBEDDING))
    return EmbedTexts(resolve_model=house.resolve, embedder=embedder, cache=cache)


async def test_vectors_come_in_the_order_of_the_texts_with_length_1(
    embeddings: EmbedTexts,
) -> None:
    found = await embeddings.embed(TENANT, MODEL, ["odd", "even", "odd"])

    assert [vector[1] > 0 for vector in found.vectors] == [True, False, True]
    assert all(math.isclose(math.hypot(*vector), 1) for vector in found.vectors)


async def test_the_same_text_is_embedded_once_in_a_call(
    embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    found = await embeddings.embed(TENANT, MODEL, ["same"] * 5)

    assert (embedder.texts, found.called, len(found.vectors)) == (["same"], 1, 5)


async def test_what_is_known_is_not_embedded_again(
    embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    first = await embeddings.embed(TENANT, MODEL, ["a", "b"])
    again = await embeddings.embed(TENANT, MODEL, ["b", "a", "new"])

    assert embedder.texts == ["a", "b", "new"]
    assert again.called == 1
    assert again.vectors[:2] == [first.vectors[1], first.vectors[0]]
    assert again.usage == Usage(prompt_tokens=1)


async def test_big_batches_are_cut_by_number_and_by_length(
    embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    short = [f"{number}" for number in range(BATCH_TEXTS + 1)]
    long = [f"{number}" + "x" * (BATCH_CHARACTERS // 2) for number in range(3)]

    found = await embeddings.embed(TENANT, MODEL, short + long)

    assert [len(batch) for batch in embedder.batches] == [64, 2, 1, 1]
    assert embedder.texts == short + long
    assert found.called == len(short + long)


async def test_a_server_that_takes_fewer_texts_gets_fewer(
    embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    embedder.most = 10
    texts = [f"{number}" for number in range(30)]

    await embeddings.embed(TENANT, MODEL, texts)

    assert embedder.texts == texts
    assert max(map(len, embedder.batches)) <= 10


async def test_a_text_that_cannot_be_embedded_alone_is_said_so(embeddings: EmbedTexts) -> None:
    with pytest.raises(ModelBadRequest):
        await embeddings.embed(TENANT, MODEL, ["fit", "unfit"])


async def test_what_came_before_an_outage_is_kept(
    embeddings: EmbedTexts, embedder: CountingEmbedder, cache: MemoryEmbeddingCache
) -> None:
    texts = [f"{number}" for number in range(2 * BATCH_TEXTS)]
    embedder.away_after = 1
    with pytest.raises(ModelUnavailable):
        await embeddings.embed(TENANT, MODEL, texts)
    assert len(cache.kept) == BATCH_TEXTS

    embedder.away_after = None
    await embeddings.embed(TENANT, MODEL, texts)

    assert sorted(embedder.texts) == sorted(texts)


@pytest.mark.parametrize(
    "vector",
    [(), (0.0, 0.0), (math.nan, 1.0), (math.inf, 1.0), (-math.inf, math.inf), (1e308, 1.5e308)],
)
async def test_a_vector_without_a_direction_is_refused_and_remembered_nowhere(
    embeddings: EmbedTexts,
    embedder: CountingEmbedder,
    cache: MemoryEmbeddingCache,
    vector: tuple[float, ...],
) -> None:
    embedder.wrong["bad"] = vector

    with pytest.raises(ModelVectorInvalid) as caught:
        await embeddings.embed(TENANT, MODEL, ["good", "bad"])
    with pytest.raises(ModelVectorInvalid):
        await embeddings.embed_query(TENANT, MODEL, "bad")

    assert caught.value.details["provider"] == MODEL.provider
    assert caught.value.details["model"] == MODEL.model
    assert f"{MODEL.model} of {MODEL.provider}" in caught.value.message
    assert cache.kept == {}
    embedder.wrong.clear()
    await embeddings.embed(TENANT, MODEL, ["bad"])
    await embeddings.embed_query(TENANT, MODEL, "bad")


async def test_the_smallest_vector_has_a_direction(
    embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    embedder.wrong["small"] = (0.0, 1e-200)

    assert (await embeddings.embed(TENANT, MODEL, ["small"])).vectors == [(0.0, 1.0)]


async def test_what_was_forgotten_is_embedded_anew(
    embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    await embeddings.embed(TENANT, MODEL, ["a", "b"])

    await embeddings.forget(TENANT, MODEL, ["a"])
    await embeddings.embed(TENANT, MODEL, ["a", "b"])

    assert embedder.texts == ["a", "b", "a"]


async def test_another_server_under_the_same_name_embeds_anew(
    house: ProviderHouse, embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    await embeddings.embed(TENANT, MODEL, ["a"])
    await embeddings.embed_query(TENANT, MODEL, "q")

    await house.changed(
        house.only().id,
        base_url=Replacement("https://other.example.com/v1"),
        api_key=Replacement(SecretText("sk-other")),
    )
    await embeddings.embed(TENANT, MODEL, ["a"])
    await embeddings.embed_query(TENANT, MODEL, "q")

    assert embedder.texts == ["a", "q", "a", "q"]


async def test_a_question_is_remembered_but_kept_nowhere(
    embeddings: EmbedTexts, embedder: CountingEmbedder, cache: MemoryEmbeddingCache
) -> None:
    first = await embeddings.embed_query(TENANT, MODEL, "who?")
    again = await embeddings.embed_query(TENANT, MODEL, "who?")

    assert (first, embedder.texts, cache.kept) == (again, ["who?"], {})


async def test_only_so_many_questions_are_remembered(
    embeddings: EmbedTexts, embedder: CountingEmbedder
) -> None:
    for number in range(2_001):
        await embeddings.embed_query(TENANT, MODEL, f"{number}")
    await embeddings.embed_query(TENANT, MODEL, "2000")
    assert len(embedder.texts) == 2_001

    await embeddings.embed_query(TENANT, MODEL, "0")

    assert embedder.texts[-1] == "0"
    assert len(embedder.texts) == 2_002


async def test_a_model_of_words_embeds_nothing(embeddings: EmbedTexts) -> None:
    with pytest.raises(ModelTypeMismatch):
        await embeddings.embed(TENANT, ModelConfig(provider="openai", model=CHAT.name), ["a"])
