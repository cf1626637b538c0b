"""Segments over HTTP: what is changed is found as changed, at once."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract import knowing
from tests.contract.knowing import Json
from tests.contract.running_api import RunningApi

TEXTS = {
    "lamps.txt": "The lamps of the harbour are lit at dusk by the keeper.",
    "bread.txt": "Bread is baked before dawn, and sold warm in the square.",
}
CHILDREN = {"mode": "parent_child", "max_tokens": 64, "overlap_tokens": 0, "child_max_tokens": 16}


@pytest.fixture(scope="module", autouse=True)
def _jobs(api: RunningApi) -> Iterator[None]:
    with knowing.jobs_done(api):
        yield


@pytest.fixture
async def embedding(client: httpx.AsyncClient, api: RunningApi) -> Json:
    """A model that embeds by words."""
    url = api.container.shared().settings().model.url
    models = {"scripted-words-embedding": "embedding"}
    house = await knowing.provider(client, str(url), **models)
    return {"provider": house, "model": "scripted-words-embedding"}


@pytest.fixture
async def harbour(client: httpx.AsyncClient, embedding: Json) -> str:
    """A Knowledge about a harbour."""
    return await knowing.knowledge(client, TEXTS, embedding=embedding)


async def document_of(client: httpx.AsyncClient, knowledge_id: str, name: str = "lamps.txt") -> str:
    listed = (await client.get(f"/v1/knowledge/{knowledge_id}/documents")).json()["data"]
    ids: list[str] = [each["id"] for each in listed if each["name"] == name]
    return ids[0]


async def segments(client: httpx.AsyncClient, document_id: str, **query: Any) -> list[Json]:
    answer = await client.get(f"/v1/documents/{document_id}/segments", params=query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["data"]
    return found


async def found(client: httpx.AsyncClient, knowledge_id: str, query: str) -> list[str]:
    """The contents that either way of searching finds."""
    contents: list[str] = []
    for method in ("full_text", "semantic"):
        body = {"query": query, "settings": {"method": method, "top_k": 10}}
        answer = await client.post(f"/v1/knowledge/{knowledge_id}/retrieve", json=body)
        assert answer.status_code == 200, answer.text
        contents += [each["content"] for each in answer.json()["data"]["passages"]]
    return contents


async def test_segments_of_a_document_are_listed_with_where_they_stand(
    client: httpx.AsyncClient, harbour: str
) -> None:
    document_id = await document_of(client, harbour)

    [segment] = await segments(client, document_id)

    assert segment["content"] == TEXTS["lamps.txt"]
    assert (segment["position"], segment["document_id"]) == (1, document_id)
    assert (segment["enabled"], segment["indexed"], segment["edited"]) == (True, True, False)
    shown = await client.get(f"/v1/segments/{segment['id']}")
    assert shown.json()["data"] == segment
    assert shown.headers["etag"] == f'"{segment["version"]}"'


async def test_a_list_can_be_narrowed_by_words_and_state(
    client: httpx.AsyncClient, harbour: str
) -> None:
    document_id = await document_of(client, harbour)
    assert len(await segments(client, document_id, q="HARBOUR")) == 1
    assert await segments(client, document_id, q="bread") == []
    assert await segments(client, document_id, enabled="false") == []
    assert len(await segments(client, document_id, sort="-position", page=1, limit=1)) == 1


@pytest.mark.pgvector
async def test_an_added_segment_is_found_and_survives_a_reindex(
    client: httpx.AsyncClient, harbour: str
) -> None:
    document_id = await document_of(client, harbour)
    path = f"/v1/documents/{document_id}/segments"

    made = await client.post(path, json={"content": "  Gulls steal herring.  "})

    assert made.status_code == 201, made.text
    segment = made.json()["data"]
    assert made.headers["location"] == f"/v1/segments/{segment['id']}"
    assert (segment["content"], segment["position"]) == ("Gulls steal herring.", 2)
    assert (segment["added"], segment["indexed"]) == (True, True)
    assert await found(client, harbour, "herring") != []
    again = await client.post(f"/v1/documents/{document_id}/reindex")
    assert again.status_code == 202, again.text
    await knowing.indexed(client, harbour)
    assert [each["position"] for each in await segments(client, document_id)] == [1, 2]


@pytest.mark.pgvector
async def test_an_edited_segment_is_found_by_what_it_says_now(
    client: httpx.AsyncClient, harbour: str
) -> None:
    document_id = await document_of(client, harbour)
    [segment] = await segments(client, document_id)
    path = f"/v1/segments/{segment['id']}"

    edited = await client.patch(
        path,
        json={"content": "Whales sing in winter."},
        headers={"if-match": f'"{segment["version"]}"'},
    )

    assert edited.status_code == 200, edited.text
    assert edited.json()["data"]["edited"] is True
    assert edited.json()["data"]["version"] == segment["version"] + 1
    full_text = await found(client, harbour, "whales")
    assert full_text[0] == "Whales sing in winter."
    stale = await client.patch(
        path, json={"content": "x"}, headers={"if-match": f'"{segment["version"]}"'}
    )
    assert stale.status_code == 409
    same = await client.patch(path, json={"content": "Whales sing in winter."})
    assert same.json()["data"]["version"] == segment["version"] + 1
    await client.post(f"/v1/documents/{document_id}/reindex")
    await knowing.indexed(client, harbour)
    [kept] = await segments(client, document_id)
    assert (kept["id"], kept["content"]) == (segment["id"], "Whales sing in winter.")


@pytest.mark.pgvector
async def test_a_disabled_segment_is_not_found_until_it_is_enabled(
    client: httpx.AsyncClient, harbour: str
) -> None:
    [segment] = await segments(client, await document_of(client, harbour))
    path = f"/v1/segments/{segment['id']}"
    assert TEXTS["lamps.txt"] in await found(client, harbour, "lamps")

    disabled = await client.post(f"{path}/disable")

    assert disabled.json()["data"]["enabled"] is False
    assert TEXTS["lamps.txt"] not in await found(client, harbour, "lamps")
    twice = await client.post(f"{path}/disable")
    assert twice.json()["data"] == disabled.json()["data"]
    enabled = await client.post(f"{path}/enable")
    assert enabled.json()["data"]["enabled"] is True
    assert TEXTS["lamps.txt"] in await found(client, harbour, "lamps")


@pytest.mark.pgvector
async def test_a_deleted_segment_is_gone(client: httpx.AsyncClient, harbour: str) -> None:
    [segment] = await segments(client, await document_of(client, harbour))
    path = f"/v1/segments/{segment['id']}"
    assert (await client.delete(path, headers={"if-match": '"99"'})).status_code == 409
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert (await client.delete(path)).status_code == 404
    assert TEXTS["lamps.txt"] not in await found(client, harbour, "lamps")


@pytest.mark.pgvector
async def test_children_follow_their_parent(client: httpx.AsyncClient, embedding: Json) -> None:
    knowledge_id = await knowing.knowledge(
        client, TEXTS, embedding=embedding, segmentation=CHILDREN
    )
    [parent] = await segments(client, await document_of(client, knowledge_id))
    assert parent["indexed"]
    assert len(parent["children"]) >= 1
    child = f"/v1/segments/{parent['children'][0]['id']}"
    assert (await client.get(child)).json()["data"]["parent_id"] == parent["id"]
    for refused in (
        await client.patch(child, json={"content": "x"}),
        await client.post(f"{child}/disable"),
        await client.delete(child),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "segment_has_parent")
    path = f"/v1/segments/{parent['id']}"
    edited = await client.patch(path, json={"content": "Whales sing in winter. " * 10})
    assert edited.status_code == 200, edited.text
    assert len(edited.json()["data"]["children"]) >= 2
    assert edited.json()["data"]["indexed"] is True
    assert await found(client, knowledge_id, "whales") != []
    await client.post(f"{path}/disable")
    assert not any("Whales" in each for each in await found(client, knowledge_id, "whales"))


@pytest.mark.parametrize("content", ["", "  ", "x" * 20_001])
async def test_a_segment_needs_some_text_and_not_too_much(
    client: httpx.AsyncClient, harbour: str, content: str
) -> None:
    document_id = await document_of(client, harbour)
    path = f"/v1/documents/{document_id}/segments"
    assert (await client.post(path, json={"content": content})).status_code == 422


async def test_segments_of_nothing_are_not_found(client: httpx.AsyncClient) -> None:
    document = await client.get(f"/v1/documents/{uuid4()}/segments")
    assert (document.status_code, document.json()["code"]) == (404, "document_not_found")
    added = await client.post(f"/v1/documents/{uuid4()}/segments", json={"content": "x"})
    assert (added.status_code, added.json()["code"]) == (404, "document_not_found")
    segment = await client.get(f"/v1/segments/{uuid4()}")
    assert (segment.status_code, segment.json()["code"]) == (404, "segment_not_found")
