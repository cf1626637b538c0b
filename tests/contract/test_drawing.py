"""Drawing over HTTP: single nodes of a draft are run, and what they put out last is kept."""

from copy import deepcopy
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.test_workflows import GREETING, drawn, run, workflow

Json = dict[str, Any]

LOUD: Json = {
    "nodes": [
        *GREETING["nodes"][:2],
        {
            "id": "each",
            "type": "iteration",
            "config": {
                "iterator_selector": ["env", "words"],
                "output_selector": ["shout", "output"],
            },
        },
        {
            "id": "shout",
            "type": "template-transform",
            "parent": "each",
            "config": {
                "template": "{{ word | upper }}{{ mark }}",
                "variables": [
                    {"variable": "word", "value_selector": ["each", "item"]},
                    {"variable": "mark", "value_selector": ["conversation", "mark"]},
                ],
            },
        },
        {
            "id": "ask",
            "type": "llm",
            "config": {
                "model": {"provider": "local", "model": "scripted"},
                "prompt": [
                    {"role": "user", "text": "[[echo=1]] {{#greet.output#}} {{#sys.user_id#}}"}
                ],
            },
        },
        {"id": "broken", "type": "template-transform", "config": {"template": "{% for %}"}},
    ],
    "edges": [{"source": "start", "target": "greet"}],
    "environment": [{"name": "words", "type": "array[string]", "value": ["a", "b"]}],
    "conversation": [{"name": "mark", "type": "string", "value": "!"}],
}


async def tried(
    client: httpx.AsyncClient, app_id: str, node_id: str, **body: Any
) -> httpx.Response:
    return await client.post(f"/v1/apps/{app_id}/draft/nodes/{node_id}/run", json=body)


async def values(client: httpx.AsyncClient, app_id: str) -> dict[str, Json]:
    answer = await client.get(f"/v1/apps/{app_id}/draft/values")
    assert answer.status_code == 200, answer.text
    return {each["node_id"]: each for each in answer.json()["data"]}


async def test_a_node_runs_by_itself_with_given_values_although_others_are_broken(
    client: httpx.AsyncClient,
) -> None:
    app_id = await drawn(client, workflow(LOUD))

    answer = await tried(client, app_id, "greet", values={"start.name": "Ann"})

    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["node_id"], data["status"], data["error"]) == ("greet", "succeeded", None)
    assert data["outputs"] == {"output": "Hello Ann"}
    assert data["values"] == [{"name": "start.name", "value": "Ann", "origin": "given"}]
    assert data["elapsed"] >= 0
    runs = await client.get("/v1/workflow-runs", params={"app_id": app_id})
    assert runs.json()["data"] == []


async def test_what_nodes_have_put_out_is_remembered_for_those_after_them(
    client: httpx.AsyncClient,
) -> None:
    app_id = await drawn(client, workflow(LOUD))
    await tried(client, app_id, "start", inputs={"name": "Bob"})

    greeted = (await tried(client, app_id, "greet")).json()["data"]
    asked = (await tried(client, app_id, "ask", user="bob")).json()["data"]

    assert greeted["outputs"] == {"output": "Hello Bob"}
    assert greeted["values"][0]["origin"] == "remembered"
    assert asked["status"] == "succeeded"
    assert "Hello Bob bob" in asked["outputs"]["text"]
    assert asked["usage"]["total_tokens"] > 0
    assert {each["name"]: each["origin"] for each in asked["values"]} == {
        "greet.output": "remembered",
        "sys.user_id": "system",
    }
    assert set(await values(client, app_id)) == {"start", "greet", "ask"}


async def test_inputs_are_those_of_the_start_for_any_node(client: httpx.AsyncClient) -> None:
    app_id = await drawn(client, workflow(LOUD))

    answer = await tried(client, app_id, "greet", inputs={"name": "Cleo"})
    odd = await tried(client, app_id, "start", inputs={"size": 3})

    assert answer.json()["data"]["outputs"] == {"output": "Hello Cleo"}
    assert (odd.status_code, odd.json()["code"]) == (422, "workflow_inputs_invalid")


async def test_a_container_runs_with_everything_inside_of_it(client: httpx.AsyncClient) -> None:
    app_id = await drawn(client, workflow(LOUD))

    whole = (await tried(client, app_id, "each")).json()["data"]
    inner = await tried(client, app_id, "shout", values={"each.item": "c"})

    assert whole["outputs"] == {"output": ["A!", "B!"]}
    assert {each["name"]: each["origin"] for each in whole["values"]} == {
        "env.words": "declared",
        "conversation.mark": "declared",
    }
    assert inner.json()["data"]["outputs"] == {"output": "C!"}


async def test_values_that_are_missing_are_named(client: httpx.AsyncClient) -> None:
    app_id = await drawn(client, workflow(LOUD))

    answer = await tried(client, app_id, "ask", values={"greet.text": "Hello"})

    assert (answer.status_code, answer.json()["code"]) == (422, "workflow_values_invalid")
    told = answer.json()["details"]["faults"]
    assert [(fault["code"], fault["path"]) for fault in told] == [
        ("value_unneeded", "values.greet.text"),
        ("value_missing", "values.greet.output"),
    ]


async def test_only_faults_of_the_node_itself_refuse_it(client: httpx.AsyncClient) -> None:
    app_id = await drawn(client, workflow(LOUD))

    answer = await tried(client, app_id, "broken")

    assert (answer.status_code, answer.json()["code"]) == (422, "app_configuration_invalid")
    faults = answer.json()["details"]["faults"]
    assert {fault["node_id"] for fault in faults} == {"broken"}


@pytest.mark.parametrize(
    ("kind", "config"),
    [("loop-end", {}), ("knowledge-retrieval", {})],
)
async def test_a_node_that_cannot_run_alone_is_refused(
    client: httpx.AsyncClient, kind: str, config: Json
) -> None:
    graph = {"nodes": [{"id": "it", "type": kind, "config": config}], "edges": []}
    app_id = await drawn(client, workflow(graph))

    answer = await tried(client, app_id, "it")

    assert (answer.status_code, answer.json()["code"]) == (422, "app_configuration_invalid")


async def test_a_node_that_fails_is_a_result_and_is_not_remembered(
    client: httpx.AsyncClient,
) -> None:
    graph = deepcopy(LOUD)
    graph["nodes"][1]["config"]["template"] = "{{ who | int / 0 }}"
    app_id = await drawn(client, workflow(graph))

    answer = await tried(client, app_id, "greet", values={"start.name": "1"})

    assert answer.status_code in {200, 422}, answer.text
    assert await values(client, app_id) == {}


async def test_a_form_is_asked_for_and_not_kept(client: httpx.AsyncClient) -> None:
    form = {
        "form_content": "Is {{#start.name#}} in?",
        "user_actions": [{"id": "yes", "title": "Yes"}],
    }
    graph = {
        "nodes": [GREETING["nodes"][0], {"id": "who", "type": "human-input", "config": form}],
        "edges": [{"source": "start", "target": "who"}],
    }
    app_id = await drawn(client, workflow(graph))

    answer = await tried(client, app_id, "who", values={"start.name": "Ann"})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["data"]["status"], answer.json()["data"]["outputs"]) == ("paused", {})


async def test_runs_of_the_draft_are_remembered_and_the_later_value_counts(
    client: httpx.AsyncClient,
) -> None:
    app_id = await drawn(client)
    ran = await run(client, app_id, version="draft")
    run_id = (await client.get("/v1/workflow-runs", params={"app_id": app_id})).json()["data"][0][
        "id"
    ]
    assert ran.json()["data"]["status"] == "succeeded"

    after_run = await values(client, app_id)
    await tried(client, app_id, "greet", values={"start.name": "Dora"})
    after_node = await values(client, app_id)

    assert set(after_run) == {"start", "greet", "end"}
    assert (after_run["greet"]["outputs"], after_run["greet"]["run_id"]) == (
        {"output": "Hello Ann"},
        run_id,
    )
    assert (after_node["greet"]["outputs"], after_node["greet"]["run_id"]) == (
        {"output": "Hello Dora"},
        None,
    )


async def test_forgetting_leaves_nothing_to_remember(client: httpx.AsyncClient) -> None:
    app_id = await drawn(client)
    await run(client, app_id, version="draft")
    await tried(client, app_id, "start", inputs={"name": "Eve"})

    assert (await client.delete(f"/v1/apps/{app_id}/draft/values")).status_code == 204

    assert await values(client, app_id) == {}
    assert (await tried(client, app_id, "greet")).status_code == 422
    await run(client, app_id, version="draft")
    assert set(await values(client, app_id)) == {"start", "greet", "end"}


async def test_a_secret_that_is_given_is_not_shown(client: httpx.AsyncClient) -> None:
    graph = {
        "nodes": [
            {
                "id": "check",
                "type": "if-else",
                "config": {
                    "cases": [
                        {
                            "case_id": "known",
                            "logical_operator": "and",
                            "conditions": [
                                {
                                    "variable_selector": ["env", "KEY"],
                                    "comparison_operator": "is",
                                    "value": "k-123",
                                }
                            ],
                        }
                    ]
                },
            }
        ],
        "edges": [],
        "environment": [{"name": "KEY", "type": "secret"}],
    }
    app_id = await drawn(client, workflow(graph))

    answer = await tried(client, app_id, "check", values={"env.KEY": "k-123"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["outputs"]["selected_case_id"] == "known"
    assert answer.json()["data"]["values"] == [
        {"name": "env.KEY", "value": "***", "origin": "given"}
    ]
    assert "k-123" not in answer.text


async def test_apps_without_a_graph_and_nodes_that_are_not_there_are_told_apart(
    client: httpx.AsyncClient,
) -> None:
    chat = (await client.post("/v1/apps", json={"name": f"Chat {uuid4().hex}"})).json()["data"]
    app_id = await drawn(client)

    no_graph, no_node = await tried(client, chat["id"], "llm"), await tried(client, app_id, "llm")

    assert (no_graph.status_code, no_graph.json()["code"]) == (409, "app_has_no_graph")
    assert (no_node.status_code, no_node.json()["code"]) == (404, "app_node_not_found")
