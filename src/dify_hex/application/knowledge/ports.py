"""What Knowledge needs of the outside, but for where its segments are kept and found."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dify_hex.application.model_provider.ports import RankedText
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.usage import Usage

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSource:
    """A file that is about to be read; `size` is in bytes, `open` gives its content in pieces.

    `patience` is how many seconds whoever asks waits for a place to read it in; None is for ever.
    """

    tenant_id: TenantId
    name: str
    media_type: str
    size: int
    open: Callable[[], Awaitable[AsyncIterator[bytes]]]
    patience: float | None = None


class DocumentReader(Protocol):
    """Reads the text out of files of every format, where a hostile one harms nothing but itself."""

    @abstractmethod
    def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        """The blocks in order, in batches; memory is bounded whatever the size.

        The first batch may be empty: then it says that there is a place, and reading begins.

        Raises:
            DocumentUnreadable: with the reason; the same file fails again.
            DocumentReaderUnavailable: this time it could not be read.
            DocumentReadersBusy: there was no place for as long as the patience lasts.
        """


class TextAnalyser(Protocol):
    """Finds the terms by which texts are searched: stemmed words, Chinese ones included."""

    @abstractmethod
    async def terms(self, texts: Sequence[str]) -> Sequence[Sequence[str]]:
        """The terms of each text, in order and with repetitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTexts:
    """One vector per text, in the order of the texts; `called` says how many were not cached."""

    vectors: Sequence[Vector]
    called: int
    usage: Usage | None


class QueryEmbeddings(Protocol):
    """Turns questions into vectors; a bounded number of them is remembered."""

    @abstractmethod
    async def embed_query(self, tenant_id: TenantId, model: ModelConfig, query: str) -> Vector:
        """The question's vector, of length 1, kept nowhere but in this process.

        The errors are those of a model call.
        """


class Embeddings(QueryEmbeddings, Protocol):
    """Turns texts into vectors, each text only once per model."""

    @abstractmethod
    async def embed(
        self, tenant_id: TenantId, model: ModelConfig, texts: Sequence[str]
    ) -> EmbeddedTexts:
        """Vectors of length 1 of the texts, in batches and from the cache where they are known.

        What a batch has brought is kept before the next one is sent. The errors are those of
        `Embedder` and of `ResolveModel`.
        """

    @abstractmethod
    async def forget(self, tenant_id: TenantId, model: ModelConfig, texts: Sequence[str]) -> None:
        """Have the texts embedded anew next time: their vectors turned out to be of no use."""


class EmbeddingCache(Protocol):
    """Remembers the vectors of texts; every tenant has its own."""

    @abstractmethod
    async def find(
        self, tenant_id: TenantId, model: str, hashes: Sequence[bytes]
    ) -> Mapping[bytes, Vector]:
        """The vectors that are known, by the SHA-256 of the text."""

    @abstractmethod
    async def keep(self, tenant_id: TenantId, model: str, vectors: Mapping[bytes, Vector]) -> None:
        """Remember the vectors; what is known already stays."""

    @abstractmethod
    async def forget(self, tenant_id: TenantId, model: str, hashes: Sequence[bytes]) -> None:
        """Remember them no longer; what is not known is forgotten already."""


class Reranker(Protocol):
    """Orders texts by how well they answer a question."""

    @abstractmethod
    async def rerank(
        self, tenant_id: TenantId, model: ModelConfig, query: str, texts: Sequence[str]
    ) -> Sequence[RankedText]:
        """All texts, the most relevant first; the errors are those of a model call."""
