"""Having a model of the tenant's order texts."""

from uuid import UUID

from dify_hex.application.knowledge.rerank_texts import RerankTexts
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig
from tests.builders.model_node import serving
from tests.fakes.scripted_providers import ScriptedRerankModel


async def test_a_model_reads_as_much_of_each_text_as_it_can() -> None:
    model = ScriptedRerankModel()
    reranker = RerankTexts(
        resolve_model=serving(Model(name="ranker", type=ModelType.RERANK)), model=model
    )
    wanted = ModelConfig(provider="local", model="ranker")

    ranked = await reranker.rerank(TenantId(UUID(int=1)), wanted, "sea", ["salt", "x" * 9_000])

    assert [(each.index, each.score) for each in ranked] == [(0, 1.0), (1, 0.5)]
    assert [len(text) for text in model.texts] == [4, 8_000]
