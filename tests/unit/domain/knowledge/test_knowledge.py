"""The rules of a Knowledge."""

from dataclasses import replace

import pytest

from dify_hex.domain.knowledge.errors import (
    KnowledgeNameInvalid,
    KnowledgeSettingsInvalid,
    MetadataInvalid,
)
from dify_hex.domain.knowledge.events import (
    KnowledgeConfigured,
    KnowledgeCreated,
    KnowledgeDeleted,
)
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.metadata import MetadataField, MetadataType
from dify_hex.domain.knowledge.settings import KnowledgeSettings, SegmentationSettings
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings
from tests.builders.knowledge import (
    EDITOR,
    LATER,
    MODEL,
    OTHER_MODEL,
    SETTINGS,
    TENANT,
    a_knowledge,
)


def settled(knowledge: Knowledge) -> Knowledge:
    """It as it would be loaded again."""
    return Knowledge(id=knowledge.id, tenant_id=TENANT, state=knowledge.state, version=1)


def models(knowledge: Knowledge) -> tuple[ModelConfig, ModelConfig | None]:
    """The embedding model in use, and the one that is to follow."""
    return knowledge.state.settings.embedding, knowledge.state.next_embedding


@pytest.fixture
def knowledge() -> Knowledge:
    return settled(a_knowledge())


def test_a_new_one_is_named_and_says_so() -> None:
    knowledge = a_knowledge("  Handbook ")
    assert knowledge.state.name == "Handbook"
    assert knowledge.version == 1
    assert [type(event) for event in knowledge.pull_events()] == [KnowledgeCreated]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_name_has_from_1_to_100_characters(name: str, knowledge: Knowledge) -> None:
    with pytest.raises(KnowledgeNameInvalid):
        a_knowledge(name)
    with pytest.raises(KnowledgeNameInvalid):
        knowledge.describe(name=name, now=LATER, by=EDITOR)


def test_settings_with_faults_are_refused_as_a_whole(knowledge: Knowledge) -> None:
    wrong = replace(SETTINGS, segmentation=SegmentationSettings(max_tokens=1, overlap_tokens=0))
    with pytest.raises(KnowledgeSettingsInvalid) as refused:
        knowledge.configure(wrong, now=LATER, by=EDITOR)
    assert [fault.path for fault in refused.value.faults] == ["segmentation.max_tokens"]
    assert knowledge.version == 1


def test_describing_leaves_out_what_is_not_named(knowledge: Knowledge) -> None:
    knowledge.describe(description="All of it.", now=LATER, by=EDITOR)
    assert (knowledge.state.name, knowledge.state.description) == ("Handbook", "All of it.")
    assert knowledge.state.updated_at == LATER
    knowledge = settled(knowledge)
    knowledge.describe(name="Handbook", now=LATER, by=EDITOR)
    assert knowledge.version == 1


def test_configuring_is_told_and_embeds_nothing_anew(knowledge: Knowledge) -> None:
    settings = replace(SETTINGS, retrieval=RetrievalSettings(top_k=9))
    assert knowledge.configure(settings, now=LATER, by=EDITOR) is False
    assert knowledge.state.settings == settings
    assert [type(event) for event in knowledge.pull_events()] == [KnowledgeConfigured]


def test_the_same_settings_change_nothing(knowledge: Knowledge) -> None:
    assert knowledge.configure(SETTINGS, now=LATER, by=EDITOR) is False
    assert knowledge.version == 1


def test_another_embedding_model_waits_until_the_index_is_empty(knowledge: Knowledge) -> None:
    settings = replace(SETTINGS, embedding=OTHER_MODEL)
    assert knowledge.configure(settings, now=LATER, by=EDITOR) is True
    assert models(knowledge) == (MODEL, OTHER_MODEL)
    # Whoever asks for it once more has asked before.
    later = replace(settings, retrieval=RetrievalSettings(top_k=9))
    assert knowledge.configure(later, now=LATER, by=EDITOR) is False
    assert knowledge.adopt_embedding(now=LATER) is True
    assert models(knowledge) == (OTHER_MODEL, None)
    assert knowledge.adopt_embedding(now=LATER) is False


def test_going_back_to_the_old_model_needs_no_new_vectors(knowledge: Knowledge) -> None:
    knowledge.configure(KnowledgeSettings(embedding=OTHER_MODEL), now=LATER, by=EDITOR)
    assert knowledge.configure(SETTINGS, now=LATER, by=EDITOR) is False
    assert knowledge.state.next_embedding is None


def test_metadata_fields_are_declared_as_a_whole(knowledge: Knowledge) -> None:
    author = MetadataField(name="author", type=MetadataType.STRING)
    knowledge.declare_metadata([author], now=LATER, by=EDITOR)
    assert knowledge.state.metadata_fields == (author,)
    with pytest.raises(MetadataInvalid):
        knowledge.declare_metadata([author, author], now=LATER, by=EDITOR)
    knowledge = settled(knowledge)
    knowledge.declare_metadata([author], now=LATER, by=EDITOR)
    assert knowledge.version == 1


def test_deleting_is_told(knowledge: Knowledge) -> None:
    knowledge.delete(now=LATER, by=EDITOR)
    assert knowledge.state.deleted_at == LATER
    assert [type(event) for event in knowledge.pull_events()] == [KnowledgeDeleted]
