"""What a Knowledge finds over HTTP, and how it explains that."""

from collections.abc import Iterator

import httpx
import pytest

from dify_hex.domain.account.permissions import Role
from tests.contract import knowing
from tests.contract.knowing import Json
from tests.contract.running_api import RunningApi
from tests.contract.world import World

TEXTS = {
    "lamps.txt": "The lamps of the harbour are lit at dusk by the keeper.",
    "bread.txt": "Bread is baked before dawn, and sold warm in the square.",
    "ferries.txt": "The last ferry of the harbour leaves at ten in the evening.",
}


@pytest.fixture(scope="module", autouse=True)
def _jobs(api: RunningApi) -> Iterator[None]:
    with knowing.jobs_done(api):
        yield


@pytest.fixture
async def house(client: httpx.AsyncClient, api: RunningApi) -> str:
    """A provider with a model for everything."""
    url = api.container.shared().settings().model.url
    models = {"scripted-words-embedding": "embedding", "scripted-rerank": "rerank"}
    return await knowing.provider(client, str(url), **models)


@pytest.fixture
async def harbour(client: httpx.AsyncClient, house: str) -> str:
    """A Knowledge about a harbour."""
    embedding = {"provider": house, "model": "scripted-words-embedding"}
    return await knowing.knowledge(client, TEXTS, embedding=embedding)


async def retrieved(
    client: httpx.AsyncClient,
    knowledge_id: str,
    query: str = "When are the lamps lit?",
    **more: object,
) -> Json:
    body = {"query": query, **more}
    answer = await client.post(f"/v1/knowledge/{knowledge_id}/retrieve", json=body)
    assert answer.status_code == 200, answer.text
    data: Json = answer.json()["data"]
    return data


def names(data: Json) -> list[str]:
    return [passage["document_name"] for passage in data["passages"]]


@pytest.mark.parametrize("method", ["semantic", "full_text", "hybrid"])
@pytest.mark.pgvector
async def test_the_best_passage_comes_first(
    client: httpx.AsyncClient, harbour: str, method: str
) -> None:
    data = await retrieved(client, harbour, settings={"method": method})

    first = data["passages"][0]
    assert (first["position"], first["document_name"]) == (1, "lamps.txt")
    assert first["content"] == TEXTS["lamps.txt"]
    assert 0 < first["score"] <= 1
    assert (data["failures"], data["explanation"]) == ([], None)


@pytest.mark.pgvector
async def test_settings_count_for_one_question(client: httpx.AsyncClient, harbour: str) -> None:
    one = await retrieved(client, harbour, "the harbour", settings={"top_k": 1})
    strict = await retrieved(
        client, harbour, "lamps", settings={"method": "semantic", "score_threshold": 0.99}
    )
    usual = await retrieved(client, harbour, "the harbour")

    assert len(one["passages"]) == 1
    assert strict["passages"] == []
    assert len(usual["passages"]) == 3


@pytest.mark.pgvector
async def test_every_stage_can_be_explained(client: httpx.AsyncClient, harbour: str) -> None:
    data = await retrieved(client, harbour, explain=True, settings={"top_k": 1})

    told = data["explanation"]
    assert {each["part"] for each in told["candidates"]} == {"semantic", "full_text"}
    assert set(told["fused"][0]["standings"]) == {"semantic", "full_text"}
    assert told["fused"][0]["standings"]["semantic"]["rank"] == 1
    assert told["kept"] == [data["passages"][0]["segment_id"]]
    assert told["seconds"]["total"] > 0


async def test_a_reranker_orders_the_passages(
    client: httpx.AsyncClient, harbour: str, house: str
) -> None:
    rerank = {"provider": house, "model": "scripted-rerank"}
    data = await retrieved(client, harbour, "last ferry", settings={"rerank": rerank})

    assert names(data)[0] == "ferries.txt"
    assert data["passages"][0]["score"] == 1.0


@pytest.mark.pgvector
async def test_a_reranker_that_is_away_is_told_and_the_search_stands(
    client: httpx.AsyncClient, harbour: str, house: str
) -> None:
    rerank = {"provider": house, "model": "nobody"}
    data = await retrieved(client, harbour, "last ferry", settings={"rerank": rerank})

    assert names(data)[0] == "ferries.txt"
    assert [(each["part"], each["code"]) for each in data["failures"]] == [
        (None, "model_not_found")
    ]


@pytest.mark.pgvector
async def test_documents_can_be_chosen_by_their_metadata(
    client: httpx.AsyncClient, harbour: str
) -> None:
    path = f"/v1/knowledge/{harbour}"
    shown = (await client.get(path)).json()["data"]
    fields = {"metadata_fields": [{"name": "year", "type": "number"}]}
    version = {"if-match": f'"{shown["version"]}"'}
    changed = await client.patch(path, json=fields, headers=version)
    assert changed.status_code == 200, changed.text
    for document in (await client.get(f"{path}/documents")).json()["data"]:
        year = {"metadata": {"year": 1900 if document["name"] == "bread.txt" else 2000}}
        stamp = {"if-match": f'"{document["version"]}"'}
        answer = await client.patch(f"/v1/documents/{document['id']}", json=year, headers=stamp)
        assert answer.status_code == 200, answer.text

    old = {"conditions": [{"name": "year", "comparison_operator": "<", "value": 1950}]}
    data = await retrieved(client, harbour, "harbour lamps", filter=old)

    assert names(data) == ["bread.txt"]
    assert data["passages"][0]["metadata"] == {"year": 1900}


async def test_what_makes_no_sense_is_refused(client: httpx.AsyncClient, harbour: str) -> None:
    path = f"/v1/knowledge/{harbour}/retrieve"
    refused = await client.post(path, json={"query": "x", "settings": {"top_k": 0}})
    blank = await client.post(path, json={"query": "  "})

    assert refused.status_code == 422
    assert refused.json()["code"] == "knowledge_retrieval_invalid"
    assert refused.json()["details"]["faults"][0]["path"] == "settings.top_k"
    assert blank.status_code == 422


async def test_another_tenants_knowledge_is_not_there(
    client: httpx.AsyncClient, world: World, harbour: str
) -> None:
    answer = await client.post(
        f"/v1/knowledge/{harbour}/retrieve",
        json={"query": "lamps"},
        headers={"authorization": f"Bearer {world.other_owner}"},
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "knowledge_not_found")


async def test_who_may_not_read_knowledge_may_not_search_it(
    client: httpx.AsyncClient, world: World, harbour: str
) -> None:
    answer = await client.post(
        f"/v1/knowledge/{harbour}/retrieve",
        json={"query": "lamps"},
        headers={"authorization": f"Bearer {world.key}"},
    )

    assert answer.status_code == 403
    assert Role.OWNER in world.tokens
