"""Files that come with the answer to a form, over HTTP."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.contract.handing_in import PNG, handed_in, refusal, stored_below
from tests.contract.running_api import RunningApi
from tests.contract.test_workflows import published, run, workflow
from tests.contract.waiting_runs import asking, ended

pytestmark = pytest.mark.usefixtures("worker")

Json = dict[str, Any]
FIELDS = [
    {"type": "file", "output_variable_name": "photo", "allowed_file_types": ["image"]},
    {"type": "file-list", "output_variable_name": "papers", "number_limits": 2},
]
SHOWN = {
    "id": "shown",
    "type": "template-transform",
    "config": {
        "template": "{{ photo.name }} of {{ photo.size }}, {{ papers | length }}",
        "variables": [
            {"variable": name, "value_selector": ["ask", name]} for name in ("photo", "papers")
        ],
    },
}


async def waiting(client: httpx.AsyncClient) -> tuple[str, str, str]:
    """A run that waits for files, where its form is, and the app."""
    graph = asking(form_content="Please.", inputs=FIELDS)
    start, ask, _ = graph["nodes"]
    outputs = [
        {"variable": "text", "value_selector": ["shown", "output"]},
        {"variable": "photo", "value_selector": ["ask", "photo"]},
    ]
    end = {"id": "end", "type": "end", "config": {"run_outputs": outputs}}
    edges = [
        {"source": "start", "target": "ask"},
        {"source": "ask", "target": "shown", "handle": "approve"},
        {"source": "shown", "target": "end"},
    ]
    app_id = await published(client, workflow({"nodes": [start, ask, SHOWN, end], "edges": edges}))
    answer = await run(client, app_id)
    run_id = answer.json()["data"]["id"]
    forms = (await client.get(f"/v1/workflow-runs/{run_id}/forms")).json()["data"]
    return run_id, forms[0]["path"], app_id


async def hand_in(
    stranger: httpx.AsyncClient,
    path: str,
    field: str = "photo",
    content: bytes = PNG,
    name: str = "photo.png",
    **fields: str,
) -> httpx.Response:
    part = {"file": (name, content, "application/octet-stream")}
    return await stranger.post(f"{path}/files", params={"field": field}, files=part, data=fields)


async def given(stranger: httpx.AsyncClient, path: str, *wanted: Any) -> str:
    answer = await hand_in(stranger, path, *wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def uploads_of(api: RunningApi, run_id: str, count: int) -> None:
    """So many files were handed in for the run's form before."""
    pool = api.container.shared().system_pool()
    statement = "UPDATE workflow_forms SET uploads = $2 WHERE run_id = $1"
    assert await pool.execute(statement, UUID(run_id), count) == "UPDATE 1"


def answering(photo: str, *papers: str) -> Json:
    return {"action": "approve", "inputs": {"photo": photo, "papers": list(papers)}}


async def test_the_form_says_which_files_it_takes(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    _, path, _ = await waiting(client)

    photo, papers = (await stranger.get(path)).json()["data"]["inputs"]

    assert photo == {
        "name": "photo",
        "type": "file",
        "default": None,
        "allowed_file_types": ["image"],
        "allowed_file_extensions": [],
        "allowed_file_upload_methods": [],
        "number_limits": 1,
    }
    assert papers["number_limits"] == 2


async def test_what_was_handed_in_is_a_file_of_the_run(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    run_id, path, app_id = await waiting(client)
    handed = await hand_in(stranger, path)
    assert handed.status_code == 201, handed.text
    photo = handed.json()["data"]
    assert (photo["name"], photo["kind"], photo["size"]) == ("photo.png", "image", len(PNG))
    assert photo["expires_at"] is not None
    paper = await given(stranger, path, "papers", b"Lamps, everywhere.", "plan.txt")

    answer = await stranger.post(path, json=answering(photo["id"], paper))

    assert answer.status_code == 200, answer.text
    result = (await ended(client, run_id))["result"]
    assert result["text"] == f"photo.png of {len(PNG)}, 1"
    assert result["photo"]["$file"]["related_id"] == photo["id"]
    known = (await client.get(f"/v1/files/{photo['id']}")).json()["data"]
    assert (known["app_id"], known["expires_at"]) == (app_id, None)
    content = await client.get(f"/v1/files/{photo['id']}/content")
    assert content.content == PNG
    (form,) = (await client.get(f"/v1/workflow-runs/{run_id}/forms")).json()["data"]
    assert form["answer"]["photo"]["$file"]["name"] == "photo.png"


async def test_files_of_others_do_not_exist_for_a_form(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    run_id, path, _ = await waiting(client)
    _, other, _ = await waiting(client)
    strange = [
        await given(stranger, other),
        (await handed_in(client))["id"],
        str(uuid4()),
    ]

    for file_id in strange:
        answer = await stranger.post(path, json=answering(file_id))
        assert refusal(answer) == (422, "workflow_form_answer_invalid")
        (fault,) = answer.json()["details"]["faults"]
        assert (fault["code"], fault["path"]) == ("file_input_not_found", "inputs.photo")
    assert (await client.get(f"/v1/workflow-runs/{run_id}")).json()["data"]["status"] == "paused"


async def test_nor_do_files_of_a_form_for_others(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    _, path, _ = await waiting(client)
    photo = await given(stranger, path)
    start = {
        "id": "start",
        "type": "start",
        "config": {"variables": [{"variable": "photo", "type": "file"}]},
    }
    end = {"id": "end", "type": "end", "config": {"run_outputs": []}}
    graph = {"nodes": [start, end], "edges": [{"source": "start", "target": "end"}]}
    app_id = await published(client, workflow(graph))

    answer = await run(client, app_id, inputs={"photo": photo})

    assert refusal(answer) == (422, "workflow_inputs_invalid")
    assert (await stranger.get(f"/v1/files/{photo}")).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        (("photo", b"Lamps.", "plan.txt"), 422, "file_inputs_invalid"),
        (("photo", b"Lamps.", "photo.png"), 415, "file_media_type_unsupported"),
        (("photo", b"", "photo.png"), 422, "file_empty"),
        (("photo", PNG + bytes(11 << 20), "photo.png"), 413, "file_too_large"),
        (("comment", PNG, "photo.png"), 422, "workflow_form_field_unknown"),
    ],
    ids=["another type", "another content", "nothing", "too much", "another field"],
)
async def test_a_field_takes_only_what_it_declares(
    client: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    api: RunningApi,
    wanted: tuple[Any, ...],
    status: int,
    code: str,
) -> None:
    _, path, _ = await waiting(client)
    before = set(stored_below(api))

    answer = await hand_in(stranger, path, *wanted)

    assert refusal(answer) == (status, code)
    assert set(stored_below(api)) == before


async def test_nothing_else_is_said_of_a_file(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    _, path, _ = await waiting(client)

    answer = await hand_in(stranger, path, user="somebody")

    assert answer.status_code == 422
    assert answer.json()["details"]["fields"][0]["field"] == "user"


async def test_a_form_takes_a_bounded_number_of_uploads(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, api: RunningApi
) -> None:
    run_id, path, _ = await waiting(client)
    api.do(uploads_of(api, run_id, 25))
    await given(stranger, path)

    answer = await hand_in(stranger, path)

    assert refusal(answer) == (429, "workflow_form_uploads_used_up")
    assert answer.json()["details"] == {"limit": 26}


async def test_a_form_that_was_answered_takes_none(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    _, path, _ = await waiting(client)
    await stranger.post(path, json=answering(await given(stranger, path)))

    assert refusal(await hand_in(stranger, path)) == (410, "workflow_form_closed")
    broken = f"{path[:-5]}AAAAA"
    assert refusal(await hand_in(stranger, broken)) == (404, "workflow_form_not_found")
