"""Apps that somebody draws: made, inspected, published with every fault told."""

import json

import pytest

from dify_hex.application.app.create_app import CreateAppCommand
from dify_hex.application.app.publish_app import PublishAppCommand
from dify_hex.domain.app.errors import AppConfigurationInvalid
from dify_hex.domain.app.mode import AppMode
from tests.builders.app import SOME_APP, TENANT
from tests.builders.flow import END, START, chatflow, workflow
from tests.builders.retrieval import LETTERS, MANUALS
from tests.unit.application.app.conftest import AppHouse


@pytest.mark.parametrize("mode", [AppMode.WORKFLOW, AppMode.CHATFLOW])
async def test_a_new_drawn_app_can_be_published_as_it_is(house: AppHouse, mode: AppMode) -> None:
    app = await house.create_app.execute(house.editor, CreateAppCommand(name="Flow", mode=mode))

    version = await house.publish_app.execute(house.editor, PublishAppCommand(app_id=app.id))

    assert version.number == 1


async def test_the_graph_of_a_version_is_canonical(house: AppHouse) -> None:
    app = await house.made(configuration=workflow())
    version = await house.publish_app.execute(house.editor, PublishAppCommand(app_id=app.id))

    (graph,) = house.shelf.graphs.values()
    assert graph.hash == version.graph_hash
    assert json.loads(graph.json)["schema_version"] == 1


async def test_every_fault_of_the_graph_stops_publishing(house: AppHouse) -> None:
    lost = {"id": "lost", "type": "answer", "config": {"answer": "{{#nobody.text#}}"}}
    app = await house.made(configuration=workflow(START, lost, END))

    with pytest.raises(AppConfigurationInvalid) as refused:
        await house.publish_app.execute(house.editor, PublishAppCommand(app_id=app.id))

    told = {(fault.node_id, fault.path.split("]")[0]) for fault in refused.value.faults}
    assert ("lost", "graph.nodes[lost") in told
    details = [fault.as_detail() for fault in refused.value.faults]
    assert "lost" in {detail.get("node_id") for detail in details}


async def test_a_graph_that_cannot_be_read_is_a_fault(house: AppHouse) -> None:
    faults = await house.inspector.faults(TENANT, SOME_APP, workflow(START, {"id": "x"}))

    assert faults


async def test_models_of_nodes_have_to_exist(house: AppHouse) -> None:
    llm = {
        "id": "llm",
        "type": "llm",
        "config": {"model": {"provider": "nobody", "model": "none"}, "prompt": []},
    }

    faults = await house.inspector.faults(TENANT, SOME_APP, workflow(START, llm, END))

    assert [(fault.node_id, fault.field) for fault in faults if fault.field == "model"] == [
        ("llm", "model")
    ]


async def test_a_chatflow_has_to_answer_and_a_workflow_need_not(house: AppHouse) -> None:
    assert await house.inspector.faults(TENANT, SOME_APP, chatflow()) == []
    assert await house.inspector.faults(TENANT, SOME_APP, workflow()) == []


async def test_knowledge_and_models_of_retrieval_nodes_have_to_exist(house: AppHouse) -> None:
    nobody = {"provider": "nobody", "model": "none"}
    house.knowledge.add(MANUALS)
    retrieval = {
        "id": "found",
        "type": "knowledge-retrieval",
        "config": {
            "query_variable_selector": ["sys", "query"],
            "dataset_ids": [str(MANUALS), str(LETTERS), "handbook"],
            "retrieval_mode": "single",
            "single_retrieval_config": {"model": nobody},
            "metadata_filtering_mode": "automatic",
            "metadata_model_config": nobody,
            "retrieval": {"rerank": nobody},
        },
    }

    faults = await house.inspector.faults(TENANT, SOME_APP, workflow(START, retrieval, END))

    assert {(fault.code, fault.field) for fault in faults if fault.node_id == "found"} == {
        ("knowledge_unknown", "dataset_ids.1"),
        ("knowledge_unknown", "dataset_ids.2"),
        ("model_provider_not_found", "single_retrieval_config.model"),
        ("model_provider_not_found", "metadata_model_config"),
        ("model_provider_not_found", "retrieval.rerank"),
    }
