"""Having a model of the tenant's order texts."""

from collections.abc import Sequence

from dify_hex.application.knowledge.ports import Reranker
from dify_hex.application.model_provider.ports import RankedText, RerankModel
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig

#: Seconds for all texts of one question.
RERANK_TIMEOUT = 20.0
#: Characters of one text that are read; what models take of one is less.
_MOST_READ = 8_000


class RerankTexts(Reranker):
    """Finds the model, and hands over as much of each text as it can read."""

    def __init__(self, *, resolve_model: ResolveModel, model: RerankModel) -> None:
        self._resolve_model = resolve_model
        self._model = model

    async def rerank(
        self, tenant_id: TenantId, model: ModelConfig, query: str, texts: Sequence[str]
    ) -> Sequence[RankedText]:
        """All texts, the most relevant first."""
        resolved = await self._resolve_model.execute(tenant_id, model, type=ModelType.RERANK)
        shown = [text[:_MOST_READ] for text in texts]
        return await self._model.rerank(resolved.endpoint, query, shown, timeout=RERANK_TIMEOUT)
