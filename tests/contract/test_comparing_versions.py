"""Comparing versions over HTTP: by what they mean, not by how they are written."""

from copy import deepcopy
from typing import Any
from uuid import uuid4

import httpx

from tests.contract.test_workflows import GREETING, published, workflow

Json = dict[str, Any]


async def redrawn(client: httpx.AsyncClient, app_id: str, configuration: Json) -> None:
    draft = await client.get(f"/v1/apps/{app_id}/draft")
    answer = await client.put(
        f"/v1/apps/{app_id}/draft", json=configuration, headers={"if-match": draft.headers["etag"]}
    )
    assert answer.status_code == 200, answer.text


async def compared(client: httpx.AsyncClient, app_id: str, number: int = 1, **query: Any) -> Json:
    answer = await client.get(f"/v1/apps/{app_id}/versions/{number}/compare", params=query)
    assert answer.status_code == 200, answer.text
    data: Json = answer.json()["data"]
    return data


async def test_a_version_is_compared_with_the_draft_unless_another_is_named(
    client: httpx.AsyncClient,
) -> None:
    app_id = await published(client)

    same = await compared(client, app_id)

    assert (same["number"], same["with"], same["identical"]) == (1, "draft", True)
    assert same["graph"] == {"nodes": [], "edges": [], "variables": []}


async def test_every_change_of_meaning_is_told(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    graph = deepcopy(GREETING)
    graph["nodes"][1]["config"]["template"] = "Good day, {{ who }}"
    graph["nodes"].append({"id": "late", "type": "end", "config": {}})
    graph["edges"].append({"source": "start", "target": "late"})
    graph["conversation"] = [{"name": "mood", "type": "string", "value": "fine"}]
    await redrawn(client, app_id, workflow(graph, limits={"steps": 9}))
    await client.post(f"/v1/apps/{app_id}/publish")

    told = await compared(client, app_id, **{"with": 2})

    assert (told["identical"], told["fields"]) == (False, ["limits.steps"])
    assert told["graph"]["nodes"] == [
        {
            "node_id": "greet",
            "type": "template-transform",
            "change": "changed",
            "fields": ["config.template"],
        },
        {"node_id": "late", "type": "end", "change": "added", "fields": []},
    ]
    assert told["graph"]["edges"] == [
        {"source": "start", "target": "late", "handle": "source", "change": "added"}
    ]
    assert told["graph"]["variables"] == [
        {"scope": "conversation", "name": "mood", "change": "added"}
    ]


async def test_a_draft_with_faults_is_compared_as_far_as_it_can_be_read(
    client: httpx.AsyncClient,
) -> None:
    app_id = await published(client)
    graph = deepcopy(GREETING)
    graph["nodes"][1]["type"] = "riddle"
    await redrawn(client, app_id, workflow(graph))

    told = await compared(client, app_id)

    assert told["graph"]["nodes"] == [
        {"node_id": "greet", "type": "riddle", "change": "changed", "fields": ["type"]}
    ]


async def test_apps_without_a_graph_are_compared_by_their_settings(
    client: httpx.AsyncClient,
) -> None:
    made = await client.post("/v1/apps", json={"name": f"Chat {uuid4().hex}"})
    app_id = made.json()["data"]["id"]
    await client.post(f"/v1/apps/{app_id}/publish")
    draft = (await client.get(f"/v1/apps/{app_id}/draft")).json()["data"]["configuration"]
    await redrawn(client, app_id, {**draft, "opening_statement": "Hello"})

    told = await compared(client, app_id)

    assert (told["fields"], told["graph"]) == (["opening_statement"], None)


async def test_a_version_that_is_not_there_is_named(client: httpx.AsyncClient) -> None:
    app_id = await published(client)

    answer = await client.get(f"/v1/apps/{app_id}/versions/1/compare", params={"with": 7})

    assert (answer.status_code, answer.json()["code"]) == (404, "app_version_not_found")
    assert answer.json()["details"]["number"] == 7
