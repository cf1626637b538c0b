"""Chatflow apps over HTTP: a graph that answers messages, and remembers between them."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.talking import events_in, said, say

Json = dict[str, Any]

COUNTING: Json = {
    "conversation": [{"name": "asked", "type": "array[string]", "value": []}],
    "nodes": [
        {
            "id": "start",
            "type": "start",
            "config": {"variables": [{"variable": "tone", "type": "text-input"}]},
        },
        {
            "id": "remember",
            "type": "assigner",
            "config": {
                "items": [
                    {
                        "variable_selector": ["conversation", "asked"],
                        "operation": "append",
                        "value": ["sys", "query"],
                    }
                ]
            },
        },
        {
            "id": "answer",
            "type": "answer",
            "config": {
                "answer": "{{#sys.query#}} {{#conversation.asked#}} {{#sys.dialogue_count#}}"
                "{{#start.tone#}}"
            },
        },
    ],
    "edges": [
        {"source": "start", "target": "remember"},
        {"source": "remember", "target": "answer"},
    ],
}


@pytest.fixture
async def counting(client: httpx.AsyncClient) -> str:
    """The id of a published chatflow that remembers what it was asked."""
    return await published(client, COUNTING)


async def published(client: httpx.AsyncClient, graph: Json, **fields: Any) -> str:
    body = {
        "name": f"Flow {uuid4().hex}",
        "mode": "chatflow",
        "configuration": {"mode": "chatflow", "graph": graph, **fields},
    }
    made = await client.post("/v1/apps", json=body)
    assert made.status_code == 201, made.text
    app_id: str = made.json()["data"]["id"]
    answer = await client.post(f"/v1/apps/{app_id}/publish")
    assert answer.status_code == 201, answer.text
    return app_id


async def test_a_new_chatflow_can_be_published_and_talked_to_at_once(
    client: httpx.AsyncClient,
) -> None:
    body = {"name": f"Flow {uuid4().hex}", "mode": "chatflow"}
    app_id = (await client.post("/v1/apps", json=body)).json()["data"]["id"]
    assert (await client.post(f"/v1/apps/{app_id}/publish")).status_code == 201

    message = await said(client, app_id, "[[text='Well met']]")

    assert (message["answer"], message["status"]) == ("Well met", "succeeded")


async def test_variables_of_a_conversation_last_from_message_to_message(
    client: httpx.AsyncClient, counting: str
) -> None:
    first = await said(client, counting, "One")
    second = await said(client, counting, "Two", conversation_id=first["conversation_id"])
    elsewhere = await said(client, counting, "Three")

    assert first["answer"] == 'One ["One"] 0'
    assert second["answer"] == 'Two ["One", "Two"] 1'
    assert elsewhere["answer"] == 'Three ["Three"] 0'


async def test_inputs_are_those_of_the_start(client: httpx.AsyncClient, counting: str) -> None:
    kind = await said(client, counting, "One", inputs={"tone": "!"})
    refused = await say(client, counting, "One", inputs={"tune": "!"})

    assert kind["answer"] == 'One ["One"] 0!'
    assert (refused.status_code, refused.json()["code"]) == (422, "workflow_inputs_invalid")
    assert refused.json()["details"]["faults"][0]["path"] == "inputs.tune"


@pytest.mark.parametrize("query", ["", "   ", "x" * 11], ids=["none", "blank", "too long"])
async def test_a_query_has_to_fit(client: httpx.AsyncClient, query: str) -> None:
    app_id = await published(client, COUNTING, limits={"max_query_length": 10})

    refused = await say(client, app_id, query)

    assert (refused.status_code, refused.json()["code"]) == (422, "app_inputs_invalid")


async def test_the_stream_is_that_of_any_message_and_shows_nodes_on_demand(
    client: httpx.AsyncClient, counting: str
) -> None:
    body = {"query": "One", "user": "ann", "response": "stream"}
    async with client.stream("POST", f"/v1/apps/{counting}/messages", json=body) as answer:
        told = [event async for event in events_in(answer)]
    place = f"/v1/messages/{told[1][1]['message_id']}/events"
    async with client.stream("GET", place, params={"detail": "nodes"}) as answer:
        detailed = [kind async for kind, _ in events_in(answer)]

    kinds = [kind for kind, _ in told if kind != "message.delta"]
    text = "".join(data["text"] for kind, data in told if kind == "message.delta")
    assert kinds == ["run.started", "message.started", "message.complete", "run.succeeded", "done"]
    assert text == 'One ["One"] 0'
    assert detailed.count("node.succeeded") == 3


async def test_a_graph_without_an_answer_is_no_chatflow(client: httpx.AsyncClient) -> None:
    graph = {
        "nodes": [
            {"id": "start", "type": "start", "config": {}},
            {"id": "end", "type": "end", "config": {}},
        ],
        "edges": [{"source": "start", "target": "end"}],
    }
    body = {
        "name": f"Flow {uuid4().hex}",
        "mode": "chatflow",
        "configuration": {"mode": "chatflow", "graph": graph},
    }
    app_id = (await client.post("/v1/apps", json=body)).json()["data"]["id"]

    refused = await client.post(f"/v1/apps/{app_id}/publish")

    assert (refused.status_code, refused.json()["code"]) == (422, "app_configuration_invalid")
