"""Publishing, and going back."""

from dataclasses import replace

import pytest

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.application.app.built_in_graph import built_in_graph
from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.knowledge_inspection import KnowledgeInspector
from dify_hex.application.app.publish_app import PublishAppCommand
from dify_hex.application.app.restore_app_version import (
    RestoreAppVersion,
    RestoreAppVersionCommand,
)
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppNothingToPublish,
    AppVersionNotFound,
)
from dify_hex.domain.app.flow_configuration import WorkflowConfiguration
from dify_hex.domain.app.knowledge_use import KnowledgeUse
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from tests.builders.app import EDITOR, SOME_APP, TENANT, actor, chat
from tests.builders.retrieval import LETTERS, MANUALS
from tests.fakes.known_models import built_in_models
from tests.unit.application.app.conftest import AppHouse


async def test_a_version_pins_the_exact_graph(house: AppHouse) -> None:
    app = await house.made(configuration=chat("Be kind."))

    version = await house.published(app.id)

    document = house.graphs.document(built_in_graph(chat("Be kind.")))
    assert version.graph_hash == document.hash
    assert house.shelf.graphs[TENANT, document.hash] == document
    assert (version.number, version.published_by) == (1, EDITOR)
    assert len(house.database.events_named("app.published")) == 1


async def test_publishing_twice_makes_a_second_version(house: AppHouse) -> None:
    app = await house.made()
    first = await house.published(app.id)
    await house.configured(app.id, chat("Be kind."), 1)

    second = await house.published(app.id)

    assert (first.number, second.number) == (1, 2)
    assert house.shelf.versions[TENANT, app.id, 1].configuration == chat()
    assert house.shelf.versions[TENANT, app.id, 2].configuration == chat("Be kind.")


async def test_nothing_new_is_not_published(house: AppHouse) -> None:
    app = await house.made()
    await house.published(app.id)

    with pytest.raises(AppNothingToPublish):
        await house.published(app.id)


async def test_an_invalid_draft_is_refused_and_nothing_is_kept(house: AppHouse) -> None:
    app = await house.made(configuration=chat("{{ nobody }} {{ nothing }}"))

    with pytest.raises(AppConfigurationInvalid) as refused:
        await house.published(app.id)

    assert len(refused.value.faults) == 2
    assert (house.shelf.versions, house.shelf.graphs) == ({}, {})


async def test_a_graph_of_what_cannot_be_executed_yet_is_refused_with_all_its_faults(
    house: AppHouse,
) -> None:
    graph = GraphDocument(
        """{"nodes": [
            {"id": "start", "type": "start", "config": {}},
            {"id": "agent", "type": "agent", "config": {
                "agent_strategy_provider_name": "us", "agent_strategy_name": "react"}}
        ], "edges": [{"source": "start", "target": "agent"}]}"""
    )
    app = await house.made(configuration=WorkflowConfiguration(graph=graph))

    with pytest.raises(AppConfigurationInvalid) as refused:
        await house.published(app.id)

    assert {(fault.code, fault.path) for fault in refused.value.faults} == {
        ("node_type_unavailable", "graph.nodes[agent].type"),
        ("end_missing", "graph"),
    }


async def test_who_says_which_draft_they_saw_publishes_no_other(house: AppHouse) -> None:
    app = await house.made()
    await house.configured(app.id, chat("Be kind."), 1)

    with pytest.raises(StaleVersion):
        await house.publish_app.execute(
            house.editor, PublishAppCommand(app_id=app.id, expected_draft_version=1)
        )


async def test_publishing_takes_its_own_permission(house: AppHouse) -> None:
    app = await house.made()

    with pytest.raises(PermissionDenied):
        await house.publish_app.execute(
            actor(Permission.APP_WRITE), PublishAppCommand(app_id=app.id)
        )


def restore(house: AppHouse) -> RestoreAppVersion:
    return RestoreAppVersion(begin=house.begin, clock=house.clock, inspector=house.inspector)


async def test_an_old_version_becomes_the_draft_again(house: AppHouse) -> None:
    app = await house.made()
    await house.published(app.id)
    await house.configured(app.id, chat("Be kind."), 1)

    draft = await restore(house).execute(
        house.editor,
        RestoreAppVersionCommand(app_id=app.id, number=1, expected_draft_version=2),
    )

    assert (draft.version, draft.configuration, draft.faults) == (3, chat(), [])


async def test_a_version_that_was_never_published_cannot_be_restored(house: AppHouse) -> None:
    app = await house.made()

    with pytest.raises(AppVersionNotFound):
        await restore(house).execute(
            house.editor, RestoreAppVersionCommand(app_id=app.id, number=1)
        )


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (ModelConfig(provider="nobody", model="echo"), "model_provider_not_found"),
        (ModelConfig(provider="local", model="nothing"), "model_not_found"),
    ],
)
async def test_a_model_that_cannot_be_chosen_is_a_fault(
    house: AppHouse, model: ModelConfig, code: str
) -> None:
    app = await house.made(configuration=chat(model=model))

    with pytest.raises(AppConfigurationInvalid) as refused:
        await house.published(app.id)

    assert [(fault.code, fault.path) for fault in refused.value.faults] == [(code, "model")]


async def test_a_model_that_is_away_for_now_is_no_fault(house: AppHouse) -> None:
    inspector = ConfigurationInspector(
        templates=JinjaTemplates(),
        resolve_model=built_in_models(base_url=None),
        graphs=PydanticGraphCodec(),
        links=house.links,
        knowledge=KnowledgeInspector(house.knowledge),
    )

    assert await inspector.faults(TENANT, SOME_APP, chat()) == []


async def test_a_model_that_was_not_chosen_is_not_looked_for(house: AppHouse) -> None:
    faults = await house.inspector.faults(
        TENANT, SOME_APP, chat(model=ModelConfig(provider="", model=""))
    )

    assert [fault.code for fault in faults] == ["model_not_chosen"] * 2


async def test_knowledge_and_its_reranker_have_to_exist(house: AppHouse) -> None:
    nobody = ModelConfig(provider="nobody", model="none")
    use = KnowledgeUse(
        sources=(KnowledgeSource(knowledge_id=MANUALS), KnowledgeSource(knowledge_id=LETTERS)),
        retrieval=RetrievalOverrides(rerank=nobody),
    )
    house.knowledge.add(MANUALS)

    faults = await house.inspector.faults(TENANT, SOME_APP, replace(chat(), knowledge=use))

    assert [(fault.code, fault.path) for fault in faults] == [
        ("knowledge_unknown", "knowledge.sources[1].knowledge_id"),
        ("model_provider_not_found", "knowledge.retrieval.rerank"),
    ]
