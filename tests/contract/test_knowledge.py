"""Knowledge over HTTP: made, changed, listed, embedded anew, deleted."""

from uuid import uuid4

import httpx

from tests.contract.documenting import embedding, eventually, made
from tests.contract.handing_in import refusal, stored_below
from tests.contract.knowing import indexed, knowledge
from tests.contract.running_api import RunningApi


async def test_a_knowledge_begins_with_what_works(client: httpx.AsyncClient) -> None:
    knowledge = await made(client, description="All of it.")
    assert knowledge["embedding"] == {"provider": "local", "model": "use-multilingual"}
    assert (knowledge["segmentation"]["max_tokens"], knowledge["documents"]) == (512, 0)
    found = await client.get(f"/v1/knowledge/{knowledge['id']}")
    assert found.json()["data"] == knowledge
    assert found.headers["etag"] == '"1"'


async def test_a_name_is_used_once(client: httpx.AsyncClient) -> None:
    knowledge = await made(client)
    again = await client.post("/v1/knowledge", json={"name": knowledge["name"].upper()})
    assert refusal(again) == (409, "knowledge_name_exists")
    other = await made(client)
    renamed = await client.patch(f"/v1/knowledge/{other['id']}", json={"name": knowledge["name"]})
    assert refusal(renamed) == (409, "knowledge_name_exists")


async def test_all_faults_of_the_settings_are_told_at_once(client: httpx.AsyncClient) -> None:
    body = {
        "name": uuid4().hex,
        "segmentation": {"max_tokens": 1, "overlap_tokens": 0, "separators": [""]},
        "retrieval": {"top_k": 0},
    }
    answer = await client.post("/v1/knowledge", json=body)
    assert refusal(answer) == (422, "knowledge_settings_invalid")
    paths = [fault["path"] for fault in answer.json()["details"]["faults"]]
    assert paths == ["segmentation.max_tokens", "segmentation.separators[0]", "retrieval.top_k"]


async def test_a_change_names_what_it_changes_and_what_it_has_seen(
    client: httpx.AsyncClient,
) -> None:
    knowledge = await made(client)
    path = f"/v1/knowledge/{knowledge['id']}"
    seen = {"if-match": '"1"'}
    body = {
        "description": "New.",
        "retrieval": {"method": "full_text", "top_k": 7},
        "metadata_fields": [{"name": "author", "type": "string"}],
    }
    changed = await client.patch(path, json=body, headers=seen)
    assert changed.status_code == 200, changed.text
    data = changed.json()["data"]
    assert (data["name"], data["description"]) == (knowledge["name"], "New.")
    assert data["retrieval"]["top_k"] == 7
    late = await client.patch(path, json={"description": "Late."}, headers=seen)
    assert refusal(late) == (409, "biz_concurrent_modification")


async def test_a_model_that_does_not_exist_is_a_fault_of_its_field(
    client: httpx.AsyncClient, api: RunningApi
) -> None:
    unknown = {"provider": "nobody", "model": "embedding-1"}
    chosen = await embedding(client, api)
    path = f"/v1/knowledge/{(await made(client))['id']}"
    for model, field in (
        (unknown, "embedding.provider"),
        ({**chosen, "model": "other"}, "embedding.model"),
    ):
        for answer in (
            await client.post("/v1/knowledge", json={"name": uuid4().hex, "embedding": model}),
            await client.patch(path, json={"embedding": model}),
        ):
            assert refusal(answer) == (422, "knowledge_settings_invalid")
            (fault,) = answer.json()["details"]["faults"]
            assert fault["path"] == field


async def test_another_embedding_model_is_on_its_way(
    client: httpx.AsyncClient, api: RunningApi
) -> None:
    knowledge = await made(client)
    model = await embedding(client, api)
    changed = await client.patch(f"/v1/knowledge/{knowledge['id']}", json={"embedding": model})
    data = changed.json()["data"]
    assert (data["embedding"], data["next_embedding"]) == (knowledge["embedding"], model)


async def test_knowledge_is_listed_by_a_part_of_its_name(client: httpx.AsyncClient) -> None:
    knowledge = await made(client)
    part = knowledge["name"][2:20].upper()
    found = (await client.get("/v1/knowledge", params={"q": part, "sort": "name"})).json()
    assert [each["id"] for each in found["data"]] == [knowledge["id"]]
    assert found["pagination"]["total"] == 1


async def test_another_model_embeds_everything_anew(
    client: httpx.AsyncClient, api: RunningApi, working: None
) -> None:
    knowledge_id = await knowledge(
        client, {"Lamps": "Lamps are lit."}, embedding=await embedding(client, api)
    )
    other = await embedding(client, api, "scripted-words-embedding")
    await client.patch(f"/v1/knowledge/{knowledge_id}", json={"embedding": other})

    async def has_taken_over() -> bool:
        shown = await client.get(f"/v1/knowledge/{knowledge_id}")
        return bool(shown.json()["data"]["embedding"] == other)

    await eventually(has_taken_over)
    await indexed(client, knowledge_id)
    [document] = (await client.get(f"/v1/knowledge/{knowledge_id}/documents")).json()["data"]
    assert document["indexed_segments"] == 1


async def test_nothing_is_left_of_a_deleted_knowledge(
    client: httpx.AsyncClient, api: RunningApi, working: None
) -> None:
    chosen = await embedding(client, api)
    knowledge_id = await knowledge(client, {"Lamps": "Lamps are lit."}, embedding=chosen)
    [document] = (await client.get(f"/v1/knowledge/{knowledge_id}/documents")).json()["data"]

    def texts() -> list[str]:
        return [str(path) for path in stored_below(api) if knowledge_id in str(path)]

    assert texts()
    assert (await client.delete(f"/v1/knowledge/{knowledge_id}")).status_code == 204
    assert refusal(await client.get(f"/v1/knowledge/{knowledge_id}")) == (
        404,
        "knowledge_not_found",
    )

    async def is_gone() -> bool:
        file = await client.get(f"/v1/files/{document['file_id']}")
        return not texts() and file.status_code == 404

    await eventually(is_gone)
    found = await client.get(f"/v1/documents/{document['id']}")
    assert refusal(found) == (404, "document_not_found")
