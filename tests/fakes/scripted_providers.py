"""What stands around a chat model, answering from a script: catalogue, embedder, guard, figures."""

from collections import Counter as Tally
from collections.abc import Sequence

from dify_hex.application.model_provider.ports import (
    AddressGuard,
    Embedder,
    EmbeddingResult,
    ModelCatalogue,
    ModelEndpoint,
    RankedText,
    RerankModel,
)
from dify_hex.application.shared.telemetry import Counter, Histogram, SilentTelemetry
from dify_hex.domain.model_provider.errors import ModelBaseUrlInvalid


class ScriptedCatalogue(ModelCatalogue):
    """Lists these models to everyone; None: there is no list."""

    def __init__(self, *names: str, failure: Exception | None = None) -> None:
        self.names: tuple[str, ...] | None = names
        self.failure = failure
        self.asked: list[ModelEndpoint] = []

    async def offered_models(
        self, endpoint: ModelEndpoint, *, timeout: float
    ) -> tuple[str, ...] | None:
        self.asked.append(endpoint)
        if self.failure is not None:
            raise self.failure
        return self.names


class ScriptedEmbedder(Embedder):
    """Every text is the same vector."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        self.texts += texts
        return EmbeddingResult(vectors=((1.0, 0.0),) * len(texts), usage=None)


class ScriptedRerankModel(RerankModel):
    """Finds every text half as relevant as the one before it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def rerank(
        self, endpoint: ModelEndpoint, query: str, texts: Sequence[str], *, timeout: float
    ) -> Sequence[RankedText]:
        self.texts += texts
        return [RankedText(index=index, score=0.5**index) for index in range(len(texts))]


class GuardOfNames(AddressGuard):
    """Knows which names lead into a private network."""

    def __init__(self, *private: str) -> None:
        self._private = private

    async def check(self, base_url: str) -> None:
        if any(name in base_url for name in self._private):
            raise ModelBaseUrlInvalid(reason="private_address")


class KeptFigures(SilentTelemetry):
    """Counts, and which histograms were fed."""

    def __init__(self) -> None:
        self.counts: Tally[tuple[str, ...]] = Tally()
        self.observed: list[str] = []

    def count(self, counter: Counter, amount: float = 1, **labels: str) -> None:
        self.counts[counter.value, *labels.values()] += int(amount)

    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        assert value >= 0
        self.observed.append(histogram.value)
