"""Documents over HTTP: added, listed, described, steered."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.documenting import add_text, embedding, made, shown, until
from tests.contract.handing_in import handed_in, refusal
from tests.contract.knowing import indexed, jobs_done, knowledge
from tests.contract.running_api import RunningApi


async def test_several_files_come_in_together(
    client: httpx.AsyncClient, api: RunningApi, working: None
) -> None:
    knowledge_id = (await made(client, embedding=await embedding(client, api)))["id"]
    files = [
        ("file", ("one.txt", b"Lamps are lit at dusk.", "text/plain")),
        ("file", ("empty.txt", b"", "text/plain")),
        ("file", ("two.md", b"# Ships\n\nThey pass at night.", "text/markdown")),
        ("file", ("again.txt", b"Lamps are lit at dusk.", "text/plain")),
    ]
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", files=files)
    assert answer.status_code == 202, answer.text
    outcome = answer.json()["data"]
    assert [each["name"] for each in outcome["documents"]] == ["one.txt", "two.md"]
    assert [(each["name"], each["code"]) for each in outcome["refused"]] == [
        ("empty.txt", "file_empty"),
        ("again.txt", "document_exists"),
    ]
    first = outcome["documents"][0]
    assert outcome["refused"][1]["details"] == {"document_id": first["id"]}
    await indexed(client, knowledge_id)
    found = await shown(client, first)
    assert (found["segments"], found["indexed_segments"], found["progress"]) == (1, 1, 100.0)
    counted = (await client.get(f"/v1/knowledge/{knowledge_id}")).json()["data"]
    assert (counted["documents"], counted["segments"]) == (2, 2)


@pytest.mark.parametrize(
    ("content", "name", "refused"),
    [
        (b"", "empty.txt", (422, "file_empty")),
        (b"MZ\x90\x00" + b"\x00" * 100, "report.pdf", (415, "file_media_type_unsupported")),
        (b"Lamps.", "a/b.txt", (422, "file_name_invalid")),
    ],
)
async def test_a_single_bad_file_is_an_error(
    client: httpx.AsyncClient, content: bytes, name: str, refused: tuple[int, str]
) -> None:
    knowledge_id = (await made(client))["id"]
    files = {"file": (name, content)}
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", files=files)
    assert refusal(answer) == refused


async def test_a_form_without_files_adds_nothing(client: httpx.AsyncClient) -> None:
    path = f"/v1/knowledge/{(await made(client))['id']}/documents"
    boundary = {"content-type": "multipart/form-data; boundary=x"}
    empty = await client.post(path, content=b"--x--\r\n", headers=boundary)
    assert empty.json()["details"]["fields"][0]["problem"] == "missing"
    other = await client.post(path, files={"other": ("a.txt", b"Lamps.")})
    assert other.json()["details"]["fields"][0]["problem"] == "unexpected"
    broken = await client.post(path, content=b"nonsense", headers=boundary)
    assert broken.status_code == 400


async def test_the_file_of_a_document_goes_with_it_alone(client: httpx.AsyncClient) -> None:
    knowledge_id = (await made(client))["id"]
    own = await add_text(client, knowledge_id, "One.")
    files = {"file": ("two.txt", b"Two.")}
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", files=files)
    uploaded = answer.json()["data"]["documents"][0]
    shared = (await handed_in(client, b"Three.", "three.txt"))["id"]
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", json={"file_id": shared})
    assert answer.status_code == 202, answer.text

    listed = [each["id"] for each in (await client.get("/v1/files?limit=100")).json()["data"]]

    assert shared in listed
    for document in (own, uploaded):
        file_id = (await shown(client, document))["file_id"]
        assert file_id not in listed
        assert (await client.get(f"/v1/files/{file_id}/content")).status_code == 200
        refused = await client.delete(f"/v1/files/{file_id}")
        assert refusal(refused) == (409, "file_of_document")
        assert (await client.delete(f"/v1/documents/{document['id']}")).status_code == 204
    assert (await client.delete(f"/v1/files/{shared}")).status_code == 204


async def test_what_is_wrong_with_a_text_is_told_by_its_field(client: httpx.AsyncClient) -> None:
    path = f"/v1/knowledge/{(await made(client))['id']}/documents"
    answer = await client.post(path, json={"name": 1, "text": "One."})
    fields = {each["field"] for each in answer.json()["details"]["fields"]}
    assert fields == {"name", "text", "file_id"}


async def test_too_many_files_are_too_many(client: httpx.AsyncClient) -> None:
    path = f"/v1/knowledge/{(await made(client))['id']}/documents"
    files = [("file", (f"{number}.txt", b"")) for number in range(51)]
    answer = await client.post(path, files=files)
    assert refusal(answer) == (422, "biz_validation_failed")


@pytest.mark.parametrize(
    "body", [None, {}, {"text": "No name."}, {"name": "x", "text": ""}, {"file_id": "x"}]
)
async def test_what_is_no_document_is_refused(client: httpx.AsyncClient, body: Any) -> None:
    knowledge_id = (await made(client))["id"]
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", json=body)
    assert refusal(answer) == (422, "biz_validation_failed")


async def test_a_text_of_white_space_is_empty(client: httpx.AsyncClient) -> None:
    path = f"/v1/knowledge/{(await made(client))['id']}/documents"
    answer = await client.post(path, json={"name": "Nothing", "text": " \n "})
    assert refusal(answer) == (422, "document_text_empty")


async def test_the_same_content_is_added_once_or_on_purpose(client: httpx.AsyncClient) -> None:
    knowledge_id = (await made(client))["id"]
    first = await add_text(client, knowledge_id, "We are open.")
    body = {"name": "Again", "text": "We are open."}
    again = await client.post(f"/v1/knowledge/{knowledge_id}/documents", json=body)
    assert refusal(again) == (409, "document_exists")
    assert again.json()["details"] == {"document_id": first["id"]}
    twice = await add_text(client, knowledge_id, "We are open.", duplicate="allow")
    assert twice["id"] != first["id"]


async def test_a_request_that_is_repeated_adds_nothing(client: httpx.AsyncClient) -> None:
    path = f"/v1/knowledge/{(await made(client))['id']}/documents"
    headers = {"idempotency-key": uuid4().hex}
    files = {"file": ("one.txt", b"Lamps are lit at dusk.", "text/plain")}
    first = await client.post(path, files=files, headers=headers)
    again = await client.post(path, files=files, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]
    other = {"file": ("one.txt", b"Lamps are lit at dawn.", "text/plain")}
    for answer in (
        await client.post(path, files=other, headers=headers),
        await client.post(f"{path}?duplicate=allow", files=files, headers=headers),
    ):
        assert refusal(answer) == (409, "biz_idempotency_key_reused")


async def test_a_file_that_was_handed_in_becomes_a_document(
    client: httpx.AsyncClient, api: RunningApi, working: None
) -> None:
    knowledge_id = (await made(client, embedding=await embedding(client, api)))["id"]
    file = await handed_in(client, b"Lamps, everywhere.", "lamps.txt")
    path = f"/v1/knowledge/{knowledge_id}/documents"
    answer = await client.post(path, json={"file_id": file["id"]})
    document = answer.json()["data"]["documents"][0]
    assert (document["name"], document["origin"]) == ("lamps.txt", "file")
    await indexed(client, knowledge_id)
    assert (await client.delete(f"/v1/documents/{document['id']}")).status_code == 204
    # It was there before, and stays.
    assert (await client.get(f"/v1/files/{file['id']}")).status_code == 200
    missing = await client.post(path, json={"file_id": str(uuid4())})
    assert refusal(missing) == (404, "file_not_found")


async def test_a_document_tells_why_it_cannot_be_read(
    client: httpx.AsyncClient, working: None
) -> None:
    knowledge_id = (await made(client))["id"]
    files = {"file": ("broken.pdf", b"%PDF-1.7\nnothing of a document", "application/pdf")}
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/documents", files=files)
    found = await until(client, answer.json()["data"]["documents"][0], "failed")
    assert found["error"]["code"].startswith("document_")
    assert found["error"]["message"]
    task = (await client.get(f"/v1/tasks/{found['task_id']}")).json()["data"]
    assert (task["status"], task["error"]["code"]) == ("failure", found["error"]["code"])


async def test_documents_are_listed_and_found_by_their_status(client: httpx.AsyncClient) -> None:
    knowledge_id = (await made(client))["id"]
    document = await add_text(client, knowledge_id, "One.")
    other = await add_text(client, knowledge_id, "Two.")
    await client.post(f"/v1/documents/{document['id']}/pause")
    path = f"/v1/knowledge/{knowledge_id}/documents"

    async def ids(**query: str) -> list[str]:
        found = (await client.get(path, params=query)).json()
        return [each["id"] for each in found["data"]]

    assert await ids() == [other["id"], document["id"]]
    assert await ids(status="paused") == [document["id"]]
    assert await ids(q="HOUR", sort="created_at") == [document["id"], other["id"]]
    await client.post(f"/v1/documents/{other['id']}/disable")
    assert await ids(enabled="false") == [other["id"]]


async def test_metadata_fit_what_is_declared(client: httpx.AsyncClient) -> None:
    fields = [{"name": "author", "type": "string"}, {"name": "when", "type": "time"}]
    knowledge_id = (await made(client, metadata_fields=fields))["id"]
    document = await add_text(client, knowledge_id, "One.")
    path = f"/v1/documents/{document['id']}"
    metadata = {"author": "Ada", "when": "2026-11-21T14:00:00+02:00"}
    changed = await client.patch(path, json={"name": "Renamed", "metadata": metadata})
    data = changed.json()["data"]
    assert data["metadata"] == {"author": "Ada", "when": "2026-11-21T12:00:00Z"}
    assert data["name"] == "Renamed"
    wrong = await client.patch(path, json={"metadata": {"author": 3, "colour": "red"}})
    assert refusal(wrong) == (422, "metadata_invalid")
    assert len(wrong.json()["details"]["faults"]) == 2
    late = await client.patch(path, json={"name": "Late"}, headers={"if-match": '"1"'})
    assert refusal(late) == (409, "biz_concurrent_modification")


async def test_indexing_is_steered(client: httpx.AsyncClient) -> None:
    document = await add_text(client, (await made(client))["id"], "One.")
    path = f"/v1/documents/{document['id']}"

    async def steer(action: str) -> httpx.Response:
        return await client.post(f"{path}/{action}")

    assert refusal(await steer("resume")) == (409, "document_not_paused")
    assert refusal(await steer("retry")) == (409, "document_not_failed")
    assert refusal(await steer("reindex")) == (409, "document_in_progress")
    assert (await steer("pause")).json()["data"]["status"] == "paused"
    resumed = await steer("resume")
    assert resumed.status_code == 202
    task = resumed.json()["data"]["task_id"]
    assert resumed.headers["location"] == f"/v1/tasks/{task}"
    assert (await steer("cancel")).json()["data"]["status"] == "cancelled"
    assert refusal(await steer("pause")) == (409, "document_not_in_progress")
    retried = await steer("retry")
    assert retried.json()["data"]["status"] == "pending"


async def test_retrying_the_task_of_a_cancelled_document_indexes_it(
    client: httpx.AsyncClient, api: RunningApi
) -> None:
    knowledge_id = (await made(client, embedding=await embedding(client, api)))["id"]
    document = await add_text(client, knowledge_id, "One.")
    cancelled = (await client.post(f"/v1/documents/{document['id']}/cancel")).json()["data"]
    assert cancelled["status"] == "cancelled"
    retried = await client.post(f"/v1/tasks/{document['task_id']}/retry")
    assert retried.is_success, retried.text
    with jobs_done(api):
        found = await until(client, document, "completed")
    assert (found["segments"], found["task_id"]) == (1, document["task_id"])


async def test_indexing_anew_reads_with_the_settings_of_today(
    client: httpx.AsyncClient, api: RunningApi, working: None
) -> None:
    text = "\n\n".join(f"Paragraph {number} is about the lamps." for number in range(40))
    chosen = await embedding(client, api)
    knowledge_id = await knowledge(client, {"Lamps": text}, embedding=chosen)
    [document] = (await client.get(f"/v1/knowledge/{knowledge_id}/documents")).json()["data"]
    smaller = {"segmentation": {"max_tokens": 20, "overlap_tokens": 0}}
    await client.patch(f"/v1/knowledge/{knowledge_id}", json=smaller)
    again = await client.post(f"/v1/documents/{document['id']}/reindex")
    assert again.status_code == 202
    found = await until(client, document, "completed")
    assert found["segments"] > document["segments"]
    assert found["indexed_segments"] == found["segments"]


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    for path in (f"/v1/knowledge/{uuid4()}", f"/v1/knowledge/{uuid4()}/documents"):
        assert refusal(await client.get(path)) == (404, "knowledge_not_found")
    body = {"name": "One", "text": "One."}
    added = await client.post(f"/v1/knowledge/{uuid4()}/documents", json=body)
    assert refusal(added) == (404, "knowledge_not_found")
    assert refusal(await client.delete(f"/v1/documents/{uuid4()}")) == (404, "document_not_found")
