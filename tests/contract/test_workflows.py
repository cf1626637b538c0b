"""Workflow apps over HTTP: drawn, published and run, answered in each of three ways."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.talking import events_in

Json = dict[str, Any]

GREETING: Json = {
    "nodes": [
        {
            "id": "start",
            "type": "start",
            "config": {
                "variables": [
                    {"variable": "name", "type": "text-input", "required": True},
                    {"variable": "times", "type": "number", "default": 2},
                ]
            },
        },
        {
            "id": "greet",
            "type": "template-transform",
            "config": {
                "template": "Hello {{ who }}",
                "variables": [{"variable": "who", "value_selector": ["start", "name"]}],
            },
        },
        {
            "id": "end",
            "type": "end",
            "config": {
                "run_outputs": [
                    {"variable": "greeting", "value_selector": ["greet", "output"]},
                    {"variable": "times", "value_selector": ["start", "times"]},
                ]
            },
        },
    ],
    "edges": [{"source": "start", "target": "greet"}, {"source": "greet", "target": "end"}],
}


def workflow(graph: Json = GREETING, **fields: Any) -> Json:
    return {"mode": "workflow", "graph": graph, **fields}


async def drawn(client: httpx.AsyncClient, configuration: Json | None = None) -> str:
    """A workflow app with this draft."""
    body = {"name": f"Flow {uuid4().hex}", "mode": "workflow"}
    made = await client.post("/v1/apps", json=body)
    assert made.status_code == 201, made.text
    app_id: str = made.json()["data"]["id"]
    answer = await client.put(
        f"/v1/apps/{app_id}/draft",
        json=configuration or workflow(),
        headers={"if-match": '"1"'},
    )
    assert answer.status_code == 200, answer.text
    return app_id


async def published(client: httpx.AsyncClient, configuration: Json | None = None) -> str:
    app_id = await drawn(client, configuration)
    answer = await client.post(f"/v1/apps/{app_id}/publish")
    assert answer.status_code == 201, answer.text
    return app_id


async def run(client: httpx.AsyncClient, app_id: str, **fields: Any) -> httpx.Response:
    body = {"inputs": {"name": "Ann"}, "user": "ann", **fields}
    return await client.post(f"/v1/apps/{app_id}/runs", json=body)


async def test_a_new_workflow_can_be_published_and_run_at_once(client: httpx.AsyncClient) -> None:
    body = {"name": f"Flow {uuid4().hex}", "mode": "workflow"}
    app_id = (await client.post("/v1/apps", json=body)).json()["data"]["id"]
    assert (await client.post(f"/v1/apps/{app_id}/publish")).status_code == 201

    answer = await run(client, app_id, inputs={})

    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "succeeded")


async def test_who_waits_gets_the_outputs(client: httpx.AsyncClient) -> None:
    app_id = await published(client)

    answer = await run(client, app_id)

    data = answer.json()["data"]
    assert answer.status_code == 200, answer.text
    assert data["outputs"] == {"greeting": "Hello Ann", "times": 2}
    assert (data["status"], data["error"], data["usage"]["total_tokens"]) == ("succeeded", None, 0)
    assert data["elapsed"] >= 0
    shown = (await client.get(data["_links"]["status"])).json()["data"]
    assert (shown["status"], shown["result"]) == ("succeeded", data["outputs"])


async def test_a_stream_shows_run_and_nodes_and_ends_with_done(client: httpx.AsyncClient) -> None:
    app_id = await published(client)

    async with client.stream(
        "POST",
        f"/v1/apps/{app_id}/runs",
        json={"inputs": {"name": "Ann"}, "user": "ann", "response": "stream"},
    ) as answer:
        events = [event async for event in events_in(answer)]

    assert [kind for kind, _ in events] == [
        "run.started",
        *["node.started", "node.succeeded"] * 3,
        "run.succeeded",
        "done",
    ]
    assert events[-2][1]["outputs"] == {"greeting": "Hello Ann", "times": 2}


async def test_a_background_run_is_accepted_with_where_to_look(client: httpx.AsyncClient) -> None:
    app_id = await published(client)

    answer = await run(client, app_id, response="background")

    data = answer.json()["data"]
    assert (answer.status_code, data["status"]) == (202, "pending")
    assert answer.headers["location"] == data["_links"]["status"]
    shown = (await client.get(data["_links"]["status"])).json()["data"]
    assert (shown["status"], shown["result"]) == ("pending", None)


async def test_a_repeated_request_joins_the_stream_of_the_first(client: httpx.AsyncClient) -> None:
    app_id, key = await published(client), {"idempotency-key": uuid4().hex}
    body = {"inputs": {"name": "Ann"}, "user": "ann", "response": "stream"}

    streams = []
    for _ in range(2):
        async with client.stream(
            "POST", f"/v1/apps/{app_id}/runs", json=body, headers=key
        ) as answer:
            streams.append([event async for event in events_in(answer)])

    assert streams[0] == streams[1]


@pytest.mark.parametrize(
    ("inputs", "faults"),
    [
        ({}, {("input_missing", "inputs.name")}),
        ({"name": "Ann", "times": "two"}, {("input_wrong_type", "inputs.times")}),
        (
            {"size": 3},
            {("input_missing", "inputs.name"), ("input_unknown", "inputs.size")},
        ),
    ],
    ids=["missing", "wrong type", "unknown"],
)
async def test_inputs_that_do_not_fit_are_named_before_there_is_a_run(
    client: httpx.AsyncClient, inputs: Json, faults: set[tuple[str, str]]
) -> None:
    app_id = await published(client)

    answer = await run(client, app_id, inputs=inputs)

    assert (answer.status_code, answer.json()["code"]) == (422, "workflow_inputs_invalid")
    told = answer.json()["details"]["faults"]
    assert {(fault["code"], fault["path"]) for fault in told} == faults
    runs = await client.get("/v1/workflow-runs", params={"app_id": app_id})
    assert runs.json()["data"] == []


async def test_every_fault_of_a_draft_is_told_with_its_node(client: httpx.AsyncClient) -> None:
    graph = {
        "nodes": [
            GREETING["nodes"][0],
            {"id": "alone", "type": "answer", "config": {"answer": "{{#nobody.text#}}"}},
        ],
        "edges": [],
    }
    app_id = await drawn(client, workflow(graph))

    shown = (await client.get(f"/v1/apps/{app_id}/draft")).json()["data"]
    refused = await client.post(f"/v1/apps/{app_id}/publish")

    validated = await client.post(f"/v1/apps/{app_id}/draft/validate")

    assert shown["configuration"]["graph"] == graph
    assert validated.json()["data"] == shown["faults"]
    assert "alone" in {fault.get("node_id") for fault in shown["faults"]}
    assert (refused.status_code, refused.json()["code"]) == (422, "app_configuration_invalid")
    assert len(refused.json()["details"]["faults"]) == len(shown["faults"])


async def test_a_draft_is_run_by_who_may_edit_it(client: httpx.AsyncClient) -> None:
    app_id = await drawn(client)

    assert (await run(client, app_id)).json()["code"] == "app_not_published"
    answer = await run(client, app_id, version="draft")

    assert answer.json()["data"]["outputs"]["greeting"] == "Hello Ann"


async def changed(client: httpx.AsyncClient, app_id: str, template: str, label: str = "") -> None:
    """Publish the app with another greeting."""
    nodes = [dict(node) for node in GREETING["nodes"]]
    nodes[1] = {**nodes[1], "config": {**nodes[1]["config"], "template": template}}
    graph = workflow({**GREETING, "nodes": nodes})
    draft = await client.get(f"/v1/apps/{app_id}/draft")
    put = await client.put(
        f"/v1/apps/{app_id}/draft", json=graph, headers={"if-match": draft.headers["etag"]}
    )
    assert put.status_code == 200, put.text
    answer = await client.post(f"/v1/apps/{app_id}/publish", json={"label": label})
    assert answer.status_code == 201, answer.text


async def greeting(client: httpx.AsyncClient, app_id: str, version: str | int) -> str:
    answer = await run(client, app_id, version=version)
    return str(answer.json()["data"]["outputs"]["greeting"])


async def test_an_earlier_version_is_run_by_its_number(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    await changed(client, app_id, "Goodbye {{ who }}")

    said = [await greeting(client, app_id, version) for version in ("published", 2, 1)]
    missing = await run(client, app_id, version=3)

    assert said == ["Goodbye Ann", "Goodbye Ann", "Hello Ann"]
    assert (missing.status_code, missing.json()["code"]) == (404, "app_version_not_found")
    for version in (0, "", True, "x" * 101):
        assert (await run(client, app_id, version=version)).status_code == 422


async def test_a_version_is_run_by_its_name_when_no_other_has_it(
    client: httpx.AsyncClient,
) -> None:
    app_id = await published(client)
    await changed(client, app_id, "Goodbye {{ who }}", "spring")
    await changed(client, app_id, "Well, {{ who }}", "autumn")

    assert await greeting(client, app_id, "spring") == "Goodbye Ann"
    assert await greeting(client, app_id, "autumn") == "Well, Ann"

    await changed(client, app_id, "So, {{ who }}", "spring")
    unknown = await run(client, app_id, version="summer")
    several = await run(client, app_id, version="spring")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "app_version_name_not_found")
    assert (several.status_code, several.json()["code"]) == (409, "app_version_name_ambiguous")
    assert several.json()["details"] == {"name": "spring", "numbers": [4, 2]}


async def test_a_workflow_is_not_talked_to_and_a_chat_is_not_run(
    client: httpx.AsyncClient,
) -> None:
    app_id = await published(client)
    chat = (await client.post("/v1/apps", json={"name": f"Chat {uuid4().hex}"})).json()["data"]
    await client.post(f"/v1/apps/{chat['id']}/publish")

    said = await client.post(f"/v1/apps/{app_id}/messages", json={"query": "Hello", "user": "ann"})
    ran = await run(client, chat["id"])

    assert (said.status_code, said.json()["code"]) == (409, "app_takes_no_messages")
    assert (ran.status_code, ran.json()["code"]) == (409, "app_not_a_workflow")


async def test_a_run_keeps_to_the_limits_of_its_app(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(limits={"steps": 2}))

    answer = await run(client, app_id)

    data = answer.json()["data"]
    assert (answer.status_code, data["status"]) == (200, "failed")
    assert data["error"]["code"] == "workflow_run_limit"
    shown = (await client.get(f"/v1/workflow-runs/{data['id']}")).json()["data"]
    assert shown["error"] == data["error"]
    assert data["error"]["details"]["limit"] == "steps"


async def test_an_old_version_becomes_the_draft_again(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    empty: Json = {"nodes": [], "edges": []}
    await client.put(f"/v1/apps/{app_id}/draft", json=workflow(empty), headers={"if-match": '"2"'})

    restored = await client.post(f"/v1/apps/{app_id}/versions/1/restore")

    assert restored.json()["data"]["configuration"]["graph"] == GREETING
    assert restored.json()["data"]["faults"] == []
