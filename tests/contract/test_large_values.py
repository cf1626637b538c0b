"""A value that is too large for an event: named there, and whole wherever it is used."""

from copy import deepcopy
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from tests.contract.talking import events_in
from tests.contract.test_workflows import GREETING, Json, published, run, workflow

#: As long as an input may be, nearly; each character is three bytes.
PART = "长" * 95_000
WHOLE = PART * 4
ENCODED = f'"{WHOLE}"'.encode()
DIGEST = sha256(ENCODED).hexdigest()
REFERENCE = {"$spilled": {"sha256": DIGEST, "size": len(ENCODED)}}


def repeating() -> Json:
    """Puts out its input four times: more than a megabyte."""
    graph = deepcopy(GREETING)
    start, greet, _ = graph["nodes"]
    start["config"]["variables"][0]["type"] = "paragraph"
    greet["config"]["template"] = "{{ who }}{{ who }}{{ who }}{{ who }}"
    return workflow(graph)


@pytest.fixture
async def ended(client: httpx.AsyncClient) -> Json:
    """A run that came to a large value, as whoever waited for it was told."""
    app_id = await published(client, repeating())
    answer = await run(client, app_id, inputs={"name": PART})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()["data"]
    return told


async def test_outputs_are_whole_for_the_caller_and_afterwards(
    client: httpx.AsyncClient, ended: Json
) -> None:
    shown = (await client.get(f"/v1/workflow-runs/{ended['id']}")).json()["data"]

    assert ended["outputs"]["greeting"] == WHOLE
    assert shown["result"] == {"greeting": WHOLE, "times": 2}


async def test_events_and_nodes_name_the_value(client: httpx.AsyncClient, ended: Json) -> None:
    async with client.stream("GET", f"/v1/workflow-runs/{ended['id']}/events") as stream:
        events = [event async for event in events_in(stream)]
    nodes = (await client.get(f"/v1/workflow-runs/{ended['id']}/nodes")).json()["data"]["nodes"]

    succeeded = [data for kind, data in events if kind == "node.succeeded"]
    (greeted,) = (data for data in succeeded if data["node_id"] == "greet")
    assert greeted["outputs"] == {"output": REFERENCE}
    (greet,) = (node for node in nodes if node["node_id"] == "greet")
    assert greet["outputs"] == {"output": REFERENCE}


async def test_a_named_value_is_read_by_its_hash(client: httpx.AsyncClient, ended: Json) -> None:
    path = f"/v1/workflow-runs/{ended['id']}/values"

    found = await client.get(f"{path}/{DIGEST}")
    absent = await client.get(f"{path}/{'0' * 64}")
    elsewhere = await client.get(f"/v1/workflow-runs/{uuid4()}/values/{DIGEST}")

    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    assert found.content == ENCODED
    assert (absent.status_code, absent.json()["code"]) == (404, "workflow_run_value_missing")
    assert elsewhere.json()["code"] == "workflow_run_not_found"


async def test_a_run_with_large_values_is_replayed_and_forked(
    client: httpx.AsyncClient, ended: Json
) -> None:
    replayed = await client.post(f"/v1/workflow-runs/{ended['id']}/replay")
    forked = await client.post(
        f"/v1/workflow-runs/{ended['id']}/fork", json={"node_id": "end", "inputs": {"times": 3}}
    )

    assert replayed.json()["data"]["same"], replayed.text
    assert forked.status_code == 200, forked.text
    data = forked.json()["data"]
    assert data["outputs"] == {"greeting": WHOLE, "times": 3}
    value = f"/v1/workflow-runs/{data['id']}/values/{DIGEST}"
    assert (await client.get(value)).content == ENCODED
