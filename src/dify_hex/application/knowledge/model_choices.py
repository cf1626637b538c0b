"""The models that a Knowledge is to work with, before it does."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.model_provider.model_choice import WRONG_PROVIDER, wrong_choice
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongChoice:
    """A model that cannot be used for what it was chosen for, and what to say of it."""

    model: ModelConfig
    type: ModelType
    fault: Fault


class ModelChoices:
    """Looks up what was chosen; a model whose server is away just now is a good choice."""

    def __init__(self, resolve_model: ResolveModel) -> None:
        self._resolve_model = resolve_model

    async def wrong(
        self,
        tenant_id: TenantId,
        embedding: ModelConfig | None,
        retrieval: RetrievalSettings | None,
    ) -> Sequence[WrongChoice]:
        """Those that cannot be used; asks the store for models: hold no transaction."""
        rerank = None if retrieval is None else retrieval.rerank
        chosen = (
            ("embedding", ModelType.EMBEDDING, embedding),
            ("retrieval.rerank", ModelType.RERANK, rerank),
        )
        found = []
        for path, needed, model in chosen:
            if model is not None and model.provider.strip() and model.model.strip():
                fault = await self._fault(tenant_id, model, needed, path)
                if fault is not None:
                    found.append(WrongChoice(model=model, type=needed, fault=fault))
        return found

    async def _fault(
        self, tenant_id: TenantId, model: ModelConfig, type: ModelType, path: str
    ) -> Fault | None:
        error = await wrong_choice(self._resolve_model, tenant_id, model, type)
        if error is None:
            return None
        field = "provider" if isinstance(error, WRONG_PROVIDER) else "model"
        return Fault(
            code=error.code,
            path=f"{path}.{field}",
            message=f"{error.message} GET /v1/models?type={type.value} lists those that can be "
            "chosen.",
        )
