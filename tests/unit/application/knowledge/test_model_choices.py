"""A Knowledge is given models that exist and do what they are chosen for."""

import pytest

from dify_hex.application.knowledge.change_knowledge import (
    ChangeKnowledge,
    ChangeKnowledgeCommand,
)
from dify_hex.application.knowledge.create_knowledge import (
    CreateKnowledge,
    CreateKnowledgeCommand,
)
from dify_hex.domain.knowledge.errors import KnowledgeSettingsInvalid
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings
from tests.builders.app import actor
from tests.builders.knowledge import MODEL, OTHER_MODEL, TENANT, Desk
from tests.builders.model_choices import MODELS

EDITOR = actor(tenant_id=TENANT)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


def creating(desk: Desk) -> CreateKnowledge:
    return CreateKnowledge(
        begin=desk.begin, clock=desk.clock, models=MODELS, default_embedding=MODEL
    )


async def change(desk: Desk, command: ChangeKnowledgeCommand) -> Knowledge:
    use_case = ChangeKnowledge(begin=desk.begin, clock=desk.clock, models=MODELS)
    await use_case.execute(EDITOR, command)
    async with desk.begin(TENANT) as work:
        return await work.knowledge.get(command.knowledge_id)


OPENAI = OTHER_MODEL.provider


@pytest.mark.parametrize(
    ("model", "code", "path"),
    [
        (ModelConfig(provider="no", model="x"), "model_provider_not_found", "embedding.provider"),
        (ModelConfig(provider=OPENAI, model="x"), "model_not_found", "embedding.model"),
        (ModelConfig(provider=OPENAI, model="talks"), "model_type_mismatch", "embedding.model"),
        (ModelConfig(provider="local", model="echo"), "model_type_mismatch", "embedding.model"),
    ],
)
async def test_a_model_that_cannot_embed_is_a_fault_beside_the_others(
    desk: Desk, model: ModelConfig, code: str, path: str
) -> None:
    retrieval = RetrievalSettings(top_k=0)
    made = CreateKnowledgeCommand(name="Manual", embedding=model, retrieval=retrieval)
    changed = ChangeKnowledgeCommand(
        knowledge_id=desk.knowledge.id, embedding=model, retrieval=retrieval
    )
    for attempt in (creating(desk).execute(EDITOR, made), change(desk, changed)):
        with pytest.raises(KnowledgeSettingsInvalid) as caught:
            await attempt
        found = [(each.code, each.path) for each in caught.value.faults]
        assert found == [("number_out_of_range", "retrieval.top_k"), (code, path)]
    assert desk.shelf.jobs == {}


async def test_a_reranker_that_does_not_exist_is_a_fault(desk: Desk) -> None:
    retrieval = RetrievalSettings(rerank=ModelConfig(provider=OPENAI, model="talks"))
    with pytest.raises(KnowledgeSettingsInvalid) as caught:
        await creating(desk).execute(
            EDITOR, CreateKnowledgeCommand(name="Manual", retrieval=retrieval)
        )
    (fault,) = caught.value.faults
    assert (fault.code, fault.path) == ("model_type_mismatch", "retrieval.rerank.model")


async def test_the_embedding_model_is_no_reranker(desk: Desk) -> None:
    command = ChangeKnowledgeCommand(
        knowledge_id=desk.knowledge.id, retrieval=RetrievalSettings(rerank=MODEL)
    )
    with pytest.raises(KnowledgeSettingsInvalid) as caught:
        await change(desk, command)
    assert caught.value.faults[0].path == "retrieval.rerank.model"


async def test_a_model_that_was_chosen_before_may_be_sent_again(desk: Desk) -> None:
    # Nobody knows this one any more.
    command = ChangeKnowledgeCommand(knowledge_id=desk.knowledge.id, embedding=MODEL)
    assert (await change(desk, command)).state.next_embedding is None
