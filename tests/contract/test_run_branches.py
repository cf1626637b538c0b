"""Runs are tried again and forked."""

import asyncio

import httpx
import pytest

from tests.contract.talking import events_in, said, say
from tests.contract.test_chatflows import published as chatflow
from tests.contract.test_workflows import published, run, workflow
from tests.contract.waiting_runs import Json, ended, waiting

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_fork_keeps_what_came_before_and_takes_other_values(
    client: httpx.AsyncClient,
) -> None:
    app_id = await published(client)
    parent = (await run(client, app_id)).json()["data"]["id"]
    body = {"node_id": "greet", "variables": {"start.name": "Bob"}}

    answer = await client.post(f"/v1/workflow-runs/{parent}/fork", json=body)

    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["outputs"] == {"greeting": "Hello Bob", "times": 2}
    shown = (await client.get(f"/v1/workflow-runs/{data['id']}")).json()["data"]
    assert shown["parent_run_id"] == parent


async def test_other_inputs_reach_what_is_done_again(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    parent = (await run(client, app_id)).json()["data"]["id"]
    body = {"node_id": "end", "inputs": {"times": 9}}

    answer = await client.post(f"/v1/workflow-runs/{parent}/fork", json=body)

    assert answer.json()["data"]["outputs"] == {"greeting": "Hello Ann", "times": 9}


async def test_a_fork_to_the_draft_does_what_has_changed_again(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    parent = (await run(client, app_id)).json()["data"]["id"]
    draft = await client.get(f"/v1/apps/{app_id}/draft")
    changed = draft.json()["data"]
    graph = changed["configuration"]["graph"] if "configuration" in changed else changed["graph"]
    for node in graph["nodes"]:
        if node["id"] == "greet":
            node["config"]["template"] = "Goodbye {{ who }}"
    put = await client.put(
        f"/v1/apps/{app_id}/draft",
        json=workflow(graph),
        headers={"if-match": draft.headers["etag"]},
    )
    assert put.status_code == 200, put.text

    answer = await client.post(
        f"/v1/workflow-runs/{parent}/fork", json={"node_id": "end", "graph": "draft"}
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["outputs"]["greeting"] == "Goodbye Ann"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"node_id": "nowhere"}, "node_id"),
        ({"node_id": "greet", "variables": {"end.greeting": 1}}, "variables.end.greeting"),
        ({"node_id": "greet", "variables": {"start": 1}}, "variables.start"),
    ],
)
async def test_a_fork_that_cannot_be_meant_is_refused(
    client: httpx.AsyncClient, body: Json, path: str
) -> None:
    app_id = await published(client)
    parent = (await run(client, app_id)).json()["data"]["id"]

    answer = await client.post(f"/v1/workflow-runs/{parent}/fork", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "workflow_fork_invalid")
    assert [fault["path"] for fault in answer.json()["details"]["faults"]] == [path]


async def test_a_stopped_run_is_tried_again_in_the_background(client: httpx.AsyncClient) -> None:
    run_id, _ = await waiting(client)
    early = await client.post(f"/v1/workflow-runs/{run_id}/retry")
    assert (early.status_code, early.json()["code"]) == (409, "workflow_run_under_way")
    await client.post(f"/v1/workflow-runs/{run_id}/stop")
    await ended(client, run_id)

    answer = await client.post(f"/v1/workflow-runs/{run_id}/retry", json={"response": "background"})

    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    for _ in range(200):
        if (await client.get(place)).json()["data"]["status"] == "paused":
            break
        await asyncio.sleep(0.05)
    forms = (await client.get(f"{place}/forms")).json()["data"]
    assert [form["status"] for form in forms] == ["open"]
    await client.post(f"{place}/stop")


async def test_a_run_in_which_all_went_well_has_nothing_to_retry(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    run_id = (await run(client, app_id)).json()["data"]["id"]

    answer = await client.post(f"/v1/workflow-runs/{run_id}/retry")

    assert (answer.status_code, answer.json()["code"]) == (409, "workflow_nothing_to_retry")


#: Fails where it is told to, having said something before.
STUMBLING: Json = {
    "nodes": [
        {
            "id": "start",
            "type": "start",
            "config": {"variables": [{"variable": "list", "type": "json_object"}]},
        },
        {"id": "hello", "type": "answer", "config": {"answer": "Well, {{#sys.query#}}. "}},
        {
            "id": "pick",
            "type": "template-transform",
            "config": {
                "template": "{{ it.of.all }}",
                "variables": [{"variable": "it", "value_selector": ["start", "list"]}],
            },
        },
        {"id": "bye", "type": "answer", "config": {"answer": "{{#pick.output#}}"}},
    ],
    "edges": [
        {"source": "start", "target": "hello"},
        {"source": "hello", "target": "pick"},
        {"source": "pick", "target": "bye"},
    ],
}


async def test_a_failed_answer_is_tried_again_beside_the_former_one(
    client: httpx.AsyncClient,
) -> None:
    app_id = await chatflow(client, STUMBLING)
    first = await said(client, app_id, "one", inputs={"list": {"of": {"all": "1"}}})
    there = {"conversation_id": first["conversation_id"]}
    refused = await say(client, app_id, "two", inputs={"list": {"of": 5}}, **there)
    assert refused.json()["code"] == "message_failed", refused.text
    run_id = refused.json()["details"]["run_id"]
    body = {"node_id": "pick", "variables": {"start.list": {"of": {"all": "2"}}}}

    answer = await client.post(f"/v1/workflow-runs/{run_id}/fork", json=body)

    forked = answer.json()["data"]
    assert (answer.status_code, forked["outputs"]) == (200, {"answer": "Well, two. 2"})
    message = (await client.get(f"/v1/messages/{forked['message_id']}")).json()["data"]
    assert (message["answer"], message["status"]) == ("Well, two. 2", "succeeded")
    assert (message["parent_id"], message["query"]) == (first["id"], "two")
    again = await client.post(f"/v1/workflow-runs/{run_id}/retry", json={"response": "stream"})
    events = [event async for event in events_in(again)]
    deltas = [data["text"] for kind, data in events if kind == "message.delta"]
    assert "".join(deltas) == "Well, two. "
    assert [kind for kind, _ in events[-3:]] == ["message.complete", "run.failed", "done"]
    shown = await client.get(f"/v1/conversations/{first['conversation_id']}/messages?user=ann")
    assert len(shown.json()["data"]) == 4
