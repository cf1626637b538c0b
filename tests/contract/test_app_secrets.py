"""Secrets of apps over HTTP: kept, named, used by runs, and never told again."""

from typing import Any
from uuid import uuid4

import httpx

from tests.contract.test_workflows import published, run, workflow

Json = dict[str, Any]
SECRET = "the-moon-is-made-of-cheese"

GUARDED: Json = {
    "environment": [{"name": "PASSWORD", "type": "secret"}],
    "nodes": [
        {"id": "start", "type": "start", "config": {}},
        {
            "id": "check",
            "type": "if-else",
            "config": {
                "cases": [
                    {
                        "case_id": "right",
                        "logical_operator": "and",
                        "conditions": [
                            {
                                "variable_selector": ["env", "PASSWORD"],
                                "comparison_operator": "is",
                                "value": SECRET,
                            }
                        ],
                    }
                ]
            },
        },
        {"id": "yes", "type": "template-transform", "config": {"template": "open"}},
        {
            "id": "end",
            "type": "end",
            "config": {"run_outputs": [{"variable": "door", "value_selector": ["yes", "output"]}]},
        },
    ],
    "edges": [
        {"source": "start", "target": "check"},
        {"source": "check", "target": "yes", "handle": "right"},
        {"source": "yes", "target": "end"},
    ],
}


async def test_a_run_uses_the_secret_and_nobody_is_shown_it(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(GUARDED))
    place = f"/v1/apps/{app_id}/secrets"

    kept = await client.put(f"{place}/PASSWORD", json={"value": SECRET})
    ran = (await run(client, app_id, inputs={})).json()["data"]
    listed = await client.get(place)
    events = await client.get(f"{ran['_links']['events']}")

    assert kept.status_code == 200, kept.text
    assert (ran["status"], ran["outputs"]) == ("succeeded", {"door": "open"})
    assert [secret["name"] for secret in listed.json()["data"]] == ["PASSWORD"]
    for told in (kept, listed, events):
        assert SECRET not in told.text


async def test_a_missing_secret_fails_the_run_by_its_name(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(GUARDED))

    ran = (await run(client, app_id, inputs={})).json()["data"]

    assert ran["status"] == "failed"
    assert ran["error"]["code"] == "workflow_variable_missing"


async def test_a_secret_is_replaced_and_forgotten(client: httpx.AsyncClient) -> None:
    app_id = await published(client, workflow(GUARDED))
    place = f"/v1/apps/{app_id}/secrets"
    await client.put(f"{place}/PASSWORD", json={"value": "something else"})
    wrong = (await run(client, app_id, inputs={})).json()["data"]
    await client.put(f"{place}/PASSWORD", json={"value": SECRET})
    right = (await run(client, app_id, inputs={})).json()["data"]

    gone = await client.delete(f"{place}/PASSWORD")
    again = await client.delete(f"{place}/PASSWORD")

    assert (wrong["outputs"], right["outputs"]) == ({}, {"door": "open"})
    assert gone.status_code == 204
    assert (again.status_code, again.json()["code"]) == (404, "app_secret_not_found")
    assert (await client.get(place)).json()["data"] == []


async def test_secrets_belong_to_an_app_that_exists(client: httpx.AsyncClient) -> None:
    answer = await client.put(f"/v1/apps/{uuid4()}/secrets/NAME", json={"value": "x"})

    assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found")


async def test_a_secret_is_not_put_into_a_text(client: httpx.AsyncClient) -> None:
    graph: Json = {
        "environment": GUARDED["environment"],
        "nodes": [
            {"id": "start", "type": "start", "config": {}},
            {"id": "answer", "type": "answer", "config": {"answer": "{{#env.PASSWORD#}}"}},
        ],
        "edges": [{"source": "start", "target": "answer"}],
    }
    body = {
        "name": f"Flow {uuid4().hex}",
        "mode": "chatflow",
        "configuration": {"mode": "chatflow", "graph": graph},
    }
    app_id = (await client.post("/v1/apps", json=body)).json()["data"]["id"]

    refused = await client.post(f"/v1/apps/{app_id}/publish")

    faults = refused.json()["details"]["faults"]
    assert {(fault["code"], fault["node_id"]) for fault in faults} == {("secret_exposed", "answer")}
