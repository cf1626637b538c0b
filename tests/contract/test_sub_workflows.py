"""Workflows inside of workflows over HTTP: linked, pinned or followed, and held to their inputs."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx

from tests.contract.talking import events_in
from tests.contract.test_workflows import GREETING, published, run, workflow

Json = dict[str, Any]


def calling(app_id: str, version: int | str = "latest", **inputs: Any) -> Json:
    """A graph that hands its name on to another workflow, and its greeting out."""
    given = [{"variable": "name", "value_selector": ["start", "name"]}]
    given += [{"variable": name, "value": value} for name, value in inputs.items()]
    return {
        "nodes": [
            GREETING["nodes"][0],
            {
                "id": "inner",
                "type": "sub-workflow",
                "config": {
                    "app_id": app_id,
                    "version": version,
                    "inputs": given,
                    "workflow_outputs": [{"variable": "greeting", "value_type": "string"}],
                },
            },
            {
                "id": "end",
                "type": "end",
                "config": {
                    "run_outputs": [
                        {"variable": "said", "value_selector": ["inner", "greeting"]},
                        {"variable": "times", "value_selector": ["inner", "times"]},
                    ]
                },
            },
        ],
        "edges": [{"source": "start", "target": "inner"}, {"source": "inner", "target": "end"}],
    }


async def redraw(client: httpx.AsyncClient, app_id: str, graph: Json) -> None:
    version = (await client.get(f"/v1/apps/{app_id}/draft")).json()["data"]["version"]
    headers = {"if-match": f'"{version}"'}
    answer = await client.put(f"/v1/apps/{app_id}/draft", json=workflow(graph), headers=headers)
    assert answer.status_code == 200, answer.text


async def republish(client: httpx.AsyncClient, app_id: str, graph: Json) -> None:
    await redraw(client, app_id, graph)
    answer = await client.post(f"/v1/apps/{app_id}/publish")
    assert answer.status_code == 201, answer.text


async def test_a_linked_workflow_runs_in_its_nodes_place(client: httpx.AsyncClient) -> None:
    inner = await published(client)
    outer = await published(client, workflow(calling(inner, times=3)))

    ran = (await run(client, outer)).json()["data"]

    assert (ran["status"], ran["outputs"]) == ("succeeded", {"said": "Hello Ann", "times": 3})
    async with client.stream("GET", ran["_links"]["events"]) as answer:
        events = [event async for event in events_in(answer)]
    started = next(data for kind, data in events if kind == "sub_workflow.started")
    assert started["app_id"] == inner
    frames = {data["frame"] for kind, data in events if kind == "node.succeeded"}
    assert len(frames) == 2


async def test_the_latest_version_is_followed_and_a_pinned_one_stays(
    client: httpx.AsyncClient,
) -> None:
    inner = await published(client)
    following = await published(client, workflow(calling(inner)))
    pinned = await published(client, workflow(calling(inner, version=1)))
    changed = {**GREETING, "nodes": [*GREETING["nodes"]]}
    changed["nodes"][1] = {
        **GREETING["nodes"][1],
        "config": {**GREETING["nodes"][1]["config"], "template": "Goodbye {{ who }}"},
    }
    await republish(client, inner, changed)

    assert (await run(client, following)).json()["data"]["outputs"]["said"] == "Goodbye Ann"
    assert (await run(client, pinned)).json()["data"]["outputs"]["said"] == "Hello Ann"


async def test_what_cannot_be_linked_says_why(client: httpx.AsyncClient) -> None:
    archived = await published(client)
    chat = (await client.post("/v1/apps", json={"name": f"Chat {uuid4().hex}"})).json()["data"]
    await client.post(f"/v1/apps/{chat['id']}/publish")
    linking = {
        "app_archived": await published(client, workflow(calling(archived))),
        "app_not_found": await published(client, workflow(calling(str(uuid4())))),
        "app_not_a_workflow": await published(client, workflow(calling(chat["id"]))),
        "app_version_not_found": await published(client, workflow(calling(archived, version=7))),
        "workflow_inputs_invalid": await published(client, workflow(calling(archived, size=1))),
    }
    codes = {}
    for expected, app_id in linking.items():
        if expected == "app_archived":
            await client.post(f"/v1/apps/{archived}/archive")
        codes[expected] = (await run(client, app_id)).json()["data"]["error"]["code"]
        await client.post(f"/v1/apps/{archived}/unarchive")

    assert codes == {code: code for code in linking}


async def test_a_workflow_that_links_to_itself_is_not_published(client: httpx.AsyncClient) -> None:
    home = await published(client)
    near = await published(client, workflow(calling(home)))
    for link in (home, near):
        await redraw(client, home, calling(link))
        answer = await client.post(f"/v1/apps/{home}/publish")

        (fault,) = answer.json()["details"]["faults"]
        assert (answer.status_code, fault["code"], fault["node_id"]) == (
            422,
            "link_circle",
            "inner",
        )


async def test_nor_does_its_draft_run_inside_of_itself(client: httpx.AsyncClient) -> None:
    app_id = await published(client)
    await redraw(client, app_id, calling(app_id))

    ran = (await run(client, app_id, version="draft")).json()["data"]

    assert (ran["status"], ran["error"]["code"]) == ("failed", "workflow_linked_in_circle")
    assert ran["error"]["details"]["path"] == [app_id, app_id]


async def test_many_links_at_once_leave_the_database_to_others(client: httpx.AsyncClient) -> None:
    inner = await published(client)
    names = [f"link{number}" for number in range(100)]
    given = [{"variable": "name", "value_selector": ["start", "name"]}]
    links = [
        {"id": name, "type": "sub-workflow", "config": {"app_id": inner, "inputs": given}}
        for name in names
    ]
    said = [{"variable": "said", "value_selector": [names[-1], "greeting"]}]
    wide = {
        "nodes": [
            GREETING["nodes"][0],
            *links,
            {"id": "end", "type": "end", "config": {"run_outputs": said}},
        ],
        "edges": [
            {"source": source, "target": target}
            for name in names
            for source, target in (("start", name), (name, "end"))
        ],
    }
    outer = await published(client, workflow(wide))

    *answers, neighbour = await asyncio.gather(
        *(run(client, outer) for _ in range(4)), run(client, inner)
    )

    assert neighbour.json()["data"]["status"] == "succeeded"
    for answer in answers:
        assert answer.json()["data"]["outputs"] == {"said": "Hello Ann"}, answer.text[:400]
